"""Species at rest, drawn as puppets: tail, body, wing and head, with their markings.

Each region has its own small frame (see ``Frames``). A shape is written in the terms of its region:
polar coordinates on the body's egg, along and across the tail and the wing, head radii on the head.
"""

from __future__ import annotations

import numpy as np

from data_scripts.birds import markings
from data_scripts.birds.attributes import Plumage
from data_scripts.birds.frames import HALF, Frames
from data_scripts.birds.geometry import band, curve, ellipse, polar, ribbon
from data_scripts.birds.puppet import Bone, Paint, Puppet, Sketch
from data_scripts.birds.species import Build

_INK = 0.55
"""Tone of the lines around shapes."""


def draw_puppet(build: Build, plumage: Plumage) -> Puppet:
    """Draw the puppet of a species: the build of its genus, wearing its own plumage."""
    frames = Frames(build)
    sketch = Sketch(
        {
            Bone.HEAD: tuple(frames.body(0.24, -0.30 * frames.depth)),
            Bone.TAIL: tuple(frames.tail(0.0, 0.0)),
            Bone.WING: tuple(frames.wing(0.08, 0.0)),
        }
    )
    _draw_tail(sketch, frames, plumage)
    _draw_body(sketch, frames)
    markings.draw_breast(sketch, frames, plumage["breast_pattern"])
    _draw_wing(sketch, frames)
    markings.draw_wing(sketch, frames, plumage["wing_pattern"])
    _draw_head(sketch, frames, plumage)
    _mark_landmarks(sketch, frames)
    return sketch.finish(leg_length=build.leg)


def _draw_tail(sketch: Sketch, frames: Frames, plumage: Plumage) -> None:
    outline = frames.tail_outline(plumage["tail_shape"])
    sketch.ink(outline, Paint("back", 0.86 * _INK), Bone.TAIL, width=0.024)
    sketch.fill(outline, Paint("back", 0.80), Bone.TAIL)
    markings.draw_tail(sketch, frames, plumage["tail_shape"], plumage["tail_pattern"])
    for z in (-0.35, 0.35):
        feather = ribbon(frames.tail([0.05, 0.6], [z * 0.06, z * 0.09]), 0.012)
        sketch.fill(feather, Paint("back", 0.55), Bone.TAIL)


def _draw_body(sketch: Sketch, frames: Frames) -> None:
    egg = frames.egg(np.linspace(0, 350, 36), 1.0)
    rump = np.concatenate(
        [
            frames.egg(np.linspace(235, 200, 4), 1.0),
            frames.tail([0.10, 0.10], [-0.062, 0.062]),
            frames.egg(np.linspace(150, 120, 4), 1.0),
        ]
    )
    neck, weight = frames.neck()
    head = frames.head(polar(0, 345, 24))
    # All ink before all paint: what remains is the line around their union.
    sketch.ink(egg, Paint("back", _INK))
    sketch.ink(rump, Paint("back", _INK))
    sketch.ink(neck, Paint("back", _INK), Bone.HEAD, weight)
    sketch.ink(head, Paint("back", _INK), Bone.HEAD)
    sketch.fill(egg, Paint("back"))
    sketch.fill(rump, Paint("back", 0.93))
    sketch.fill(neck, Paint("back"), Bone.HEAD, weight)
    ridge = np.linspace(215, 310, 9)
    sketch.fill(band(frames.egg(ridge, 0.93), frames.egg(ridge, 0.70)), Paint("back", 1.10))
    _draw_underparts(sketch, frames)


def _draw_underparts(sketch: Sketch, frames: Frames) -> None:
    """Draw the belly's colour from neck to vent, with soft edges and a shaded keel."""
    for rise, paint in ((0.20, Paint("flank")), (0.0, Paint("belly"))):
        sketch.fill(_underside(frames, rise), paint)
        front, weight = frames.neck_front(0.30 + 0.8 * rise)
        sketch.fill(front, paint, Bone.HEAD, weight)
    vent = np.concatenate(
        [
            frames.egg(np.linspace(160, 120, 4), 0.97),
            frames.tail([0.18, 0.02], [0.045, -0.005]),
        ]
    )
    sketch.fill(vent, Paint("belly", 0.93))
    for inner, tone in ((0.72, 0.94), (0.86, 0.86)):
        shade = band(frames.egg(np.linspace(38, 158, 11), 0.985), _shade(frames, inner))
        sketch.fill(shade, Paint("belly", tone))


def _underside(frames: Frames, rise: float) -> np.ndarray:
    """Return the outline of the belly: the lower egg, closed by a wavy line that ``rise`` lifts."""
    lower = frames.egg(np.linspace(-32, 166, 19), 0.985)
    depth = frames.depth
    line = frames.body(
        *curve([(-0.46, 0.10), (-0.2, 0.55), (0.1, -0.05), (0.33, -0.18)], 8).T * [[1], [depth]]
        - [[0], [rise * depth]]
    )
    return np.concatenate([lower, line[::-1]])


def _shade(frames: Frames, inner: float) -> np.ndarray:
    swell = np.sin(np.linspace(0, np.pi, 11))
    return frames.egg(np.linspace(38, 158, 11), 0.985 - (0.985 - inner) * swell)


def _draw_wing(sketch: Sketch, frames: Frames) -> None:
    outline = frames.wing_outline()
    sketch.ink(outline, Paint("back", 0.45), Bone.WING, width=0.020)
    sketch.fill(outline, Paint("back", 0.80), Bone.WING)
    primaries = band(
        frames.wing([0.50, 0.72, 0.90, 1.0], [-0.22, -0.20, -0.08, 0.05]),
        frames.wing([0.44, 0.62, 0.86, 1.0], [0.72, 0.54, 0.24, 0.05]),
    )
    sketch.fill(primaries, Paint("back", 0.60), Bone.WING)
    for start, stop in ((-0.02, 0.02), (0.22, 0.10), (0.46, 0.18)):
        feather = ribbon(frames.wing([0.50, 0.75, 0.95], [start, (start + stop) / 2, stop]), 0.012)
        sketch.fill(feather, Paint("back", 0.44), Bone.WING)
    coverts = np.concatenate(
        [
            frames.wing([0.02, 0.08, 0.26, 0.40], [0.10, -0.36, -0.50, -0.40]),
            frames.wing([0.44, 0.40, 0.28, 0.12], [0.05, 0.45, 0.66, 0.50]),
        ]
    )
    sketch.fill(coverts, Paint("back", 0.92), Bone.WING)


def _draw_head(sketch: Sketch, frames: Frames, plumage: Plumage) -> None:
    pattern = plumage["head_pattern"]
    if pattern == "crested":
        markings.draw_crest(sketch, frames)
    sketch.fill(frames.head(polar(0, 345, 24)), Paint("crown"), Bone.HEAD)
    shine = band(polar(205, 300, 8) * 0.90, polar(205, 300, 8) * 0.66)
    sketch.fill(frames.head(shine), Paint("crown", 1.10), Bone.HEAD)
    throat, weight = frames.throat()
    sketch.fill(throat, Paint("throat"), Bone.HEAD, weight)
    face = np.concatenate([polar(6, 128, 11) * 0.97, [(-0.20, 0.42), (0.20, 0.24), (0.55, 0.14)]])
    sketch.fill(frames.head(face), Paint("throat"), Bone.HEAD)
    markings.draw_head(sketch, frames, pattern)
    _draw_bill(sketch, frames, plumage["bill_shape"])
    sketch.fill(frames.head(ellipse(_EYE, (0.23, 0.23), 12)), Paint("eye"), Bone.HEAD)


_EYE = (0.34, -0.16)


def _draw_bill(sketch: Sketch, frames: Frames, shape: str) -> None:
    upper, lower = (np.array(points) for points in _bill(shape, frames.build.bill))
    for mandible, tone in ((lower, 0.78), (upper, 1.0)):
        sketch.ink(frames.head(mandible), Paint("bill", tone * 0.5), Bone.HEAD, width=0.016)
        sketch.fill(frames.head(mandible), Paint("bill", tone), Bone.HEAD)


def _bill(shape: str, length: float) -> tuple[list[tuple[float, float]], ...]:
    """Return upper and lower mandible in head radii, from the face to the tip and back."""
    if shape == "dagger":
        tip = 0.5 + 1.45 * length
        return (
            [(0.86, -0.26), (1.3, -0.18), (tip, 0.03), (0.88, 0.06)],
            [(0.88, 0.06), (tip - 0.05, 0.06), (1.25, 0.26), (0.86, 0.30)],
        )
    if shape == "cone":
        tip = 0.95 + 0.72 * length
        return (
            [(0.74, -0.46), (1.2, -0.30), (tip, 0.06), (0.88, 0.06)],
            [(0.88, 0.06), (tip - 0.04, 0.08), (1.15, 0.38), (0.74, 0.46)],
        )
    if shape == "hooked":
        tip = 1.0 + 0.78 * length
        return (
            [
                (0.80, -0.36),
                (1.3, -0.36),
                (tip, -0.14),
                (tip + 0.08, 0.48),
                (tip - 0.14, 0.12),
                (0.9, 0.06),
            ],
            [(0.9, 0.06), (tip - 0.2, 0.12), (1.2, 0.32), (0.82, 0.30)],
        )
    if shape == "curved":
        bend, tip = 0.95 + 0.80 * length, 1.05 + 1.15 * length
        return (
            [
                (0.84, -0.26),
                (1.25, -0.24),
                (bend + 0.05, 0.0),
                (tip, 0.62),
                (bend - 0.05, 0.20),
                (0.9, 0.05),
            ],
            [(0.9, 0.05), (bend - 0.05, 0.20), (tip - 0.03, 0.64), (1.2, 0.28), (0.84, 0.28)],
        )
    tip = 0.7 + 1.9 * length
    return (
        [(0.88, -0.16), (1.3, -0.12), (tip, -0.06), (0.9, 0.03)],
        [(0.9, 0.03), (tip - 0.02, -0.04), (1.3, 0.14), (0.88, 0.17)],
    )


def _mark_landmarks(sketch: Sketch, frames: Frames) -> None:
    depth = frames.depth
    sketch.mark("back", frames.body(-0.05, -0.86 * depth))
    sketch.mark("belly", frames.body(-0.06, 0.72 * depth))
    sketch.mark("breast", frames.body(0.66 * HALF, 0.36 * depth))
    sketch.mark("hip far", frames.body(0.10, 0.70 * depth))
    sketch.mark("hip near", frames.body(-0.05, 0.72 * depth))
    sketch.mark("wing", frames.wing(0.42, 0.05), Bone.WING)
    sketch.mark("tail", frames.tail(0.6, 0.0), Bone.TAIL)
    on_head = {
        "beak": (1.0 + 0.35 * frames.build.bill, 0.05),
        "crown": (-0.05, -0.85),
        "forehead": (0.68, -0.55),
        "eye": _EYE,
        "catchlight": (_EYE[0] + 0.07, _EYE[1] - 0.08),
        "nape": (-0.90, 0.05),
        "throat": (0.52, 0.68),
    }
    for name, place in on_head.items():
        sketch.mark(name, frames.head(np.array([place]))[0], Bone.HEAD)
