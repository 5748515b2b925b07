"""Photos: a puppet in a placement gives a picture, a bounding box and 15 part locations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from data_scripts.birds.attributes import PALETTE, Colour, Plumage
from data_scripts.birds.geometry import rotation
from data_scripts.birds.placement import Jittered, Placement
from data_scripts.birds.puppet import PARTS, Puppet
from data_scripts.birds.scene import (
    Scenery,
    darkened,
    draw_leaf,
    draw_perch,
    is_behind,
    mixed,
)

_SUPERSAMPLING = 2
_MARGIN = 0.025
"""Free border around the bird, in frame widths: no bill and no tail is cut off."""

_PIGMENTS: dict[str, tuple[str, Jittered]] = {
    "back": ("back_color", "back"),
    "belly": ("belly_color", "belly"),
    "crown": ("crown_color", "crown"),
    "throat": ("throat_color", "crown"),
    "head_mark": ("head_mark_color", "marks"),
    "wing_mark": ("wing_mark_color", "marks"),
    "breast_mark": ("breast_mark_color", "marks"),
    "bill": ("bill_color", "marks"),
    "leg": ("leg_color", "marks"),
}
_WHITE: Colour = (255, 255, 255)
_PLAIN: Colour = (226, 230, 226)


@dataclass(frozen=True)
class Photo:
    """A picture, and where the bird and its parts are in it, in pixels.

    Attributes:
        picture: the picture.
        box: x, y, width and height of the whole bird, whether leaves cover it or not.
        parts: (15, 3): x, y and 1 for a part in ``PARTS`` that can be seen, else zeros.
    """

    picture: Image.Image
    box: tuple[float, float, float, float]
    parts: np.ndarray


class Studio:
    """A studio that takes pictures of a size, with a pool of scenery."""

    def __init__(self, size: int, seed: int) -> None:
        if size < 16:
            raise ValueError(f"size must be at least 16 px, not {size}")
        self.size = size
        self._scenery = Scenery(size, seed)

    def photograph(self, puppet: Puppet, plumage: Plumage, view: Placement) -> Photo:
        """Take a picture of a bird in its surroundings."""
        side = self.size * _SUPERSAMPLING
        canvas = self._scenery.backdrop(view, side)
        brush = ImageDraw.Draw(canvas)
        figure = _Figure(puppet, view, side)
        figure.stand(brush, view)
        figure.paint(brush, _palette(plumage, view.tint))
        for leaf in view.leaves:
            draw_leaf(brush, leaf, side)
        picture = self._scenery.exposed(canvas.reduce(_SUPERSAMPLING), view)
        return Photo(picture, figure.box(_SUPERSAMPLING), figure.parts(_SUPERSAMPLING, view))


def portrait(puppet: Puppet, plumage: Plumage, size: int) -> Image.Image:
    """Draw a species as a field guide prints it: at rest, on a plain ground, in even light."""
    side = size * _SUPERSAMPLING
    canvas = Image.new("RGB", (side, side), _PLAIN)
    figure = _Figure(puppet, _AT_REST, side)
    figure.paint(ImageDraw.Draw(canvas), _palette(plumage, {}))
    return canvas.reduce(_SUPERSAMPLING)


_AT_REST = Placement(
    mirrored=False,
    length=0.86,
    along=0.5,
    across=0.5,
    roll=0.0,
    foreshortening=1.0,
    head_turn=0.0,
    tail_turn=0.0,
    wing_turn=0.0,
    tint={},
    background=0.0,
    crop_x=0.0,
    crop_y=0.0,
    crop_side=1.0,
    background_mirrored=False,
    perch="none",
    perch_slope=0.0,
    perch_thickness=0.0,
    perch_tone=0.0,
    leaves=(),
    brightness=1.0,
    warmth=0.0,
    contrast=1.0,
    light=0.0,
    grain=0.0,
    grain_strength=0.0,
    soft=False,
)


class _Figure:
    """A bent puppet on a square canvas; all of it lies inside the margin."""

    def __init__(self, puppet: Puppet, view: Placement, side: int) -> None:
        self._puppet = puppet
        self._side = side
        self._facing = -1 if view.mirrored else 1
        pose = rotation(view.roll) * (view.foreshortening, 1.0)
        pose[0] *= self._facing
        points = puppet.bent((view.head_turn, view.tail_turn, view.wing_turn)) @ pose.T
        feet = points[[puppet.landmarks["hip far"], puppet.landmarks["hip near"]]]
        feet[:, 1] = feet[:, 1].mean() + puppet.leg_length
        everything = np.concatenate([points, feet])
        low, high = everything.min(axis=0), everything.max(axis=0)
        self._scale = view.length * side / (high - low).max()
        room = side * (1 - 2 * _MARGIN) - (high - low) * self._scale
        self._low = _MARGIN * side + room * (view.along, view.across)
        self._high = self._low + (high - low) * self._scale
        origin = self._low - low * self._scale
        self._points = points * self._scale + origin
        self._feet = feet * self._scale + origin

    def stand(self, brush: ImageDraw.ImageDraw, view: Placement) -> None:
        """Draw the perch and put both feet on it."""
        x, y = self._feet.mean(axis=0).tolist()
        top = draw_perch(brush, view, self._side, x, y)
        self._feet[:, 1] = [top(at) for at in self._feet[:, 0].tolist()]

    def paint(self, brush: ImageDraw.ImageDraw, palette: dict[str, Colour]) -> None:
        """Draw legs and patches, in order, and the light in the eye."""
        self._paint_legs(brush, palette["leg"])
        coordinates = self._points.ravel().tolist()
        for start, stop, (pigment, tone), stroke in self._puppet.patches:
            colour = _toned(palette[pigment], tone)
            line = coordinates[2 * start : 2 * stop]
            if stroke:
                brush.line(line, fill=colour, width=max(1, round(stroke * self._scale)))
            else:
                brush.polygon(line, fill=colour)
        x, y = self._landmark("catchlight")
        radius = max(0.6, 0.014 * self._scale)
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_WHITE)

    def _paint_legs(self, brush: ImageDraw.ImageDraw, colour: Colour) -> None:
        width = max(2, round(0.032 * self._scale))
        toe = 0.055 * self._scale
        for hip, (x, y), tone in zip(
            ("hip far", "hip near"), self._feet.tolist(), (0.8, 1.0), strict=True
        ):
            fill = darkened(colour, tone)
            brush.line((*self._landmark(hip), x, y), fill=fill, width=width)
            claws = (x - 0.7 * toe, y + 0.4 * toe, x, y, x + self._facing * toe, y + 0.4 * toe)
            brush.line(claws, fill=fill, width=width)

    def box(self, pixels: int) -> tuple[float, float, float, float]:
        """Return the bird's bounding box: x, y, width, height in pixels of the picture.

        Args:
            pixels: canvas pixels to a pixel of the picture.
        """
        toes = float(self._feet[:, 1].max()) + 0.04 * self._scale
        (left, top), (right, bottom) = self._low.tolist(), self._high.tolist()
        bottom = min(max(bottom, toes), self._side)
        x, y, right, bottom = (round(value / pixels, 1) for value in (left, top, right, bottom))
        return x, y, round(right - x, 1), round(bottom - y, 1)

    def parts(self, pixels: int, view: Placement) -> np.ndarray:
        """Return the 15 part locations; the far eye and wing and what a leaf covers are hidden."""
        near = "left" if view.mirrored else "right"
        places = np.zeros((len(PARTS), 3))
        for row, part in zip(places, PARTS, strict=True):
            name = part.removeprefix(f"{near} ")
            if name.endswith("leg"):
                row[:] = (*self._leg(near=part.startswith(near)), 1)
            elif name in self._puppet.landmarks:
                row[:] = (*self._landmark(name), 1)
        for leaf in view.leaves:
            places[is_behind(leaf, places[:, :2] / self._side)] = 0
        places[:, :2] /= pixels
        return places

    def _leg(self, near: bool) -> tuple[float, float]:
        hip = self._landmark("hip near" if near else "hip far")
        foot = self._feet[1 if near else 0].tolist()
        return (hip[0] + foot[0]) / 2, 0.3 * hip[1] + 0.7 * foot[1]

    def _landmark(self, name: str) -> tuple[float, float]:
        x, y = self._points[self._puppet.landmarks[name]].tolist()
        return x, y


def _palette(
    plumage: Plumage, tint: dict[Jittered, tuple[float, float, float]]
) -> dict[str, Colour]:
    palette = {
        pigment: _tinted(PALETTE[plumage[slot]], tint.get(group, (0.0, 0.0, 0.0)))
        for pigment, (slot, group) in _PIGMENTS.items()
    }
    back = palette["back"]
    is_dark = sum(back) < 400
    return palette | {
        "flank": mixed(back, palette["belly"], 0.5),
        "bars": mixed(back, _WHITE, 0.70) if is_dark else darkened(back, 0.35),
        "white": PALETTE["white"],
        "dark": (30, 28, 30),
        "eye": (26, 20, 18),
    }


def _tinted(colour: Colour, tint: tuple[float, float, float]) -> Colour:
    r, g, b = (min(255, max(0, round(c + t))) for c, t in zip(colour, tint, strict=True))
    return r, g, b


def _toned(colour: Colour, tone: float) -> Colour:
    if tone == 1:
        return colour
    return darkened(colour, tone) if tone < 1 else mixed(colour, _WHITE, tone - 1)
