"""Patterns that a species may wear on tail, breast, wing and head, over the plain colours."""

from __future__ import annotations

import numpy as np

from data_scripts.birds.frames import Frames
from data_scripts.birds.geometry import band, ellipse, polar, ribbon
from data_scripts.birds.puppet import Bone, Paint, Sketch

_TAIL_REACH = {"rounded": 0.98, "notched": 0.94, "forked": 0.74, "pointed": 0.62, "fan": 0.92}
"""Largest distance along the tail, for each shape, at which a straight bar may lie."""


def draw_tail(sketch: Sketch, frames: Frames, shape: str, pattern: str) -> None:
    """Draw a white or dark tip, bars, or white edges."""
    if pattern == "white_tip":
        _draw_tail_tip(sketch, frames, shape, Paint("white"))
    elif pattern == "dark_tip":
        _draw_tail_tip(sketch, frames, shape, Paint("dark"))
    elif pattern == "barred":
        for start in (0.18, 0.40, 0.62):
            stop = start + 0.11
            if stop < _TAIL_REACH[shape] + 0.02:
                sketch.fill(_tail_bar(frames, shape, start, stop), Paint("bars"), Bone.TAIL)
    elif pattern == "white_edges":
        reach = _TAIL_REACH[shape]
        for side in (-1, 1):
            edge = [0.9 * frames.tail_half_width(shape, along) * side for along in (0.1, reach)]
            line = ribbon(frames.tail([0.1, reach], edge), 0.034)
            sketch.fill(line, Paint("white"), Bone.TAIL)


def _draw_tail_tip(sketch: Sketch, frames: Frames, shape: str, paint: Paint) -> None:
    width = frames.tail_half_width(shape, 1.0)
    if shape == "forked":
        for side in (-1, 1):
            tip = frames.tail([0.78, 1.20, 0.90], [side * width * z for z in (0.90, 1.0, 0.40)])
            sketch.fill(tip, paint, Bone.TAIL)
    elif shape == "pointed":
        tip = frames.tail([0.72, 1.22, 0.72], [0.80 * width, 0.0, -0.80 * width])
        sketch.fill(tip, paint, Bone.TAIL)
    else:
        reach = _TAIL_REACH[shape]
        sketch.fill(_tail_bar(frames, shape, reach - 0.26, reach), paint, Bone.TAIL)


def _tail_bar(frames: Frames, shape: str, start: float, stop: float) -> np.ndarray:
    first, last = (0.94 * frames.tail_half_width(shape, along) for along in (start, stop))
    return frames.tail([start, stop, stop, start], [first, last, -last, -first])


def draw_breast(sketch: Sketch, frames: Frames, pattern: str) -> None:
    """Draw spots, streaks, two bands, or a bib."""
    paint = Paint("breast_mark")
    if pattern == "spotted":
        for radius, degrees in (
            (0.86, range(-4, 110, 19)),
            (0.64, range(8, 100, 24)),
            (0.43, range(0, 90, 40)),
        ):
            for place in frames.egg(np.array(degrees, dtype=float), radius):
                sketch.fill(ellipse(tuple(place), (0.026, 0.026), 8), paint)
    elif pattern == "streaked":
        for radius, degrees in ((0.88, range(-8, 105, 16)), (0.60, range(2, 95, 22))):
            angles = np.array(degrees, dtype=float)
            starts, stops = frames.egg(angles, radius), frames.egg(angles + 13, radius - 0.10)
            for start, stop in zip(starts, stops, strict=True):
                sketch.fill(ribbon([tuple(start), tuple(stop)], 0.024), paint)
    elif pattern == "banded":
        for start in (14, 42):
            outer = frames.egg(np.linspace(start, start + 13, 4), 0.985)
            inner = frames.egg(np.linspace(start - 22, start - 2, 4), 0.42)
            sketch.fill(band(outer, inner), paint)
    elif pattern == "bib":
        front, weight = frames.neck_front(0.36)
        sketch.fill(front, paint, Bone.HEAD, weight)
        chest = np.concatenate(
            [
                frames.egg(np.linspace(-34, 30, 8), 0.985),
                frames.egg(np.array([18.0, -20.0]), 0.62),
            ]
        )
        sketch.fill(chest, paint)


def draw_wing(sketch: Sketch, frames: Frames, pattern: str) -> None:
    """Draw one or two bars, spots, or a patch."""
    paint = Paint("wing_mark")
    if pattern in ("one_bar", "two_bars"):
        starts = (0.34,) if pattern == "one_bar" else (0.24, 0.44)
        for start in starts:
            front = frames.wing([start, start + 0.04, start + 0.01], [-0.48, 0.10, 0.70])
            rear = frames.wing([start + 0.09, start + 0.13, start + 0.10], [-0.46, 0.10, 0.66])
            sketch.fill(band(front, rear), paint, Bone.WING)
    elif pattern == "spotted":
        for along, across in (
            (0.14, 0.0),
            (0.26, -0.32),
            (0.26, 0.34),
            (0.40, 0.02),
            (0.42, 0.56),
            (0.55, -0.24),
            (0.57, 0.30),
        ):
            spot = ellipse(tuple(frames.wing(along, across)), (0.027, 0.027), 8)
            sketch.fill(spot, paint, Bone.WING)
    elif pattern == "patch":
        along, across = (polar(0, 345, 16) * (0.14, 0.42) + (0.26, 0.10)).T
        sketch.fill(frames.wing(along, across), paint, Bone.WING)


def draw_crest(sketch: Sketch, frames: Frames) -> None:
    """Draw the raised feathers behind the crown; they are painted before the head."""
    feathers = np.array(
        [
            (0.35, -0.88),
            (-0.15, -1.25),
            (-1.05, -1.75),
            (-0.80, -1.28),
            (-1.50, -1.42),
            (-1.05, -0.98),
            (-1.55, -0.82),
            (-0.88, -0.40),
        ]
    )
    sketch.ink(frames.head(feathers), Paint("head_mark", 0.55), Bone.HEAD, width=0.02)
    sketch.fill(frames.head(feathers), Paint("head_mark"), Bone.HEAD)


def draw_head(sketch: Sketch, frames: Frames, pattern: str) -> None:
    """Draw a cap, eyebrow, eyeline, mask, eye ring, or the front of a crest."""
    shape: np.ndarray
    if pattern == "capped":
        shape = np.concatenate([polar(186, 352, 12), [(0.45, -0.36), (-0.30, -0.34)]])
    elif pattern == "eyebrow":
        shape = ribbon([(0.86, -0.40), (0.25, -0.56), (-0.40, -0.48), (-0.85, -0.20)], 0.25)
    elif pattern == "eyeline":
        shape = ribbon([(0.94, -0.02), (0.30, -0.14), (-0.40, -0.06), (-0.94, 0.14)], 0.25)
    elif pattern == "masked":
        shape = np.array(
            [
                (0.96, -0.18),
                (0.40, -0.50),
                (-0.15, -0.40),
                (-0.62, -0.02),
                (-0.20, 0.28),
                (0.45, 0.28),
                (0.93, 0.18),
            ]
        )
    elif pattern == "eyering":
        shape = ellipse((0.34, -0.16), (0.42, 0.42), 14)
    elif pattern == "crested":
        shape = np.array(
            [(0.62, -0.74), (0.05, -0.98), (-0.55, -0.82), (-0.85, -0.45), (0.1, -0.66)]
        )
    else:
        return
    sketch.fill(frames.head(shape), Paint("head_mark"), Bone.HEAD)
