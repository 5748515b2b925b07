"""The bird's surroundings: backgrounds out of focus, a perch, leaves in front, light and grain.

All photos of a data set draw from the same pools, whatever the species. So a background tells
nothing about the bird.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from data_scripts.birds.attributes import Colour
from data_scripts.birds.draws import Draws
from data_scripts.birds.geometry import polar, rotation
from data_scripts.birds.placement import Leaf, Placement

BACKGROUNDS, LIGHTS, GRAINS = 48, 32, 16

_HABITATS: tuple[tuple[Colour, Colour], ...] = (
    ((150, 190, 225), (215, 228, 235)),  # sky
    ((70, 100, 50), (140, 160, 84)),  # meadow
    ((40, 66, 44), (96, 120, 70)),  # forest
    ((196, 180, 140), (226, 214, 180)),  # dunes
    ((86, 110, 130), (160, 176, 180)),  # mist
    ((120, 96, 70), (180, 156, 110)),  # leaf litter
    ((90, 130, 170), (60, 96, 90)),  # lake
    ((176, 186, 150), (110, 136, 90)),  # reed bed
)
_BARK, _BARK_LIT = (92, 70, 50), (144, 124, 100)
_REED, _REED_LIT = (110, 124, 66), (176, 170, 104)
_WOOD, _WOOD_LIT = (96, 84, 72), (150, 138, 122)
_LEAF, _LEAF_DRY = (60, 106, 48), (152, 142, 62)
_LIGHT: Colour = (255, 255, 255)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """Mix two colours: ``share`` 0 gives the first, 1 the other."""
    (r, g, b), (red, green, blue) = one, other
    return (
        round(r + (red - r) * share),
        round(g + (green - g) * share),
        round(b + (blue - b) * share),
    )


def darkened(colour: Colour, tone: float) -> Colour:
    """Multiply the channels of a colour by ``tone``."""
    r, g, b = colour
    return min(255, round(r * tone)), min(255, round(g * tone)), min(255, round(b * tone))


class Scenery:
    """The pools of backgrounds, lights and grains for pictures of a size.

    At 96 pixels they take about 0.4 s and 20 MB.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        draws = Draws(seed, "scenery")
        self._backgrounds = [_background(round(1.4 * size), i, draws) for i in range(BACKGROUNDS)]
        self._lights = [_light(size, i, draws) for i in range(LIGHTS)]
        self._grains = [draws.normal(size, size, 3) for _ in range(GRAINS)]

    def backdrop(self, view: Placement, side: int) -> Image.Image:
        """Return the part of a background that a photo sees, ``side`` x ``side``."""
        source = self._backgrounds[int(view.background * BACKGROUNDS)]
        crop = view.crop_side * self.size
        left, top = (share * (source.width - crop) for share in (view.crop_x, view.crop_y))
        seen = source.resize(
            (self.size, self.size), Image.Resampling.BILINEAR, (left, top, left + crop, top + crop)
        )
        if view.background_mirrored:
            seen = seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        # Out of focus, it needs no supersampling: fine pixels would only cost time.
        return seen.resize((side, side), Image.Resampling.NEAREST)

    def exposed(self, picture: Image.Image, view: Placement) -> Image.Image:
        """Give a picture the photo's light: falloff, brightness, warmth, contrast, grain, focus."""
        warmth = np.array([1 + view.warmth, 1, 1 - view.warmth], dtype=np.float32)
        gain = self._lights[int(view.light * LIGHTS)] * (view.brightness * warmth)
        middle = np.float32(118)
        pixels = np.asarray(picture, dtype=np.float32) * gain
        pixels -= middle
        pixels *= np.float32(view.contrast)
        pixels += middle
        grain = self._grains[int(view.grain * GRAINS)]
        pixels += grain * np.float32(view.grain_strength)
        np.clip(pixels, 0, 255, out=pixels)
        photo = Image.fromarray(pixels.astype(np.uint8))
        return photo.filter(ImageFilter.BoxBlur(0.007 * self.size)) if view.soft else photo


def _background(side: int, index: int, draws: Draws) -> Image.Image:
    top, bottom = (
        np.array(colour, dtype=np.float32) for colour in _HABITATS[index % len(_HABITATS)]
    )
    ramp = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
    pixels = np.broadcast_to(top + (bottom - top) * ramp, (side, side, 3)).copy()
    for cells, strength in ((4, 24), (10, 15), (26, 7)):
        clouds = 0.25 * draws.normal(cells, cells, 3) + draws.normal(cells, cells, 1)
        for channel in range(3):
            pixels[..., channel] += strength * _enlarged(clouds[..., channel], side)
    picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    brush = ImageDraw.Draw(picture, "RGBA")
    for _ in range(draws.integer(16)):
        _draw_bokeh(brush, side, top if draws.integer(2) else bottom, draws)
    for _ in range(draws.integer(6)):
        _draw_stem(brush, side, draws)
    return picture.filter(ImageFilter.GaussianBlur(side * draws.between(0.006, 0.02)))


def _enlarged(field: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(field).resize((side, side), Image.Resampling.BICUBIC))


def _draw_bokeh(brush: ImageDraw.ImageDraw, side: int, colour: np.ndarray, draws: Draws) -> None:
    x, y = draws.between(0, side), draws.between(0, side)
    radius = side * draws.between(0.02, 0.10)
    fill = (colour * draws.between(0.7, 1.35)).clip(0, 255).astype(int).tolist()
    opacity = int(draws.between(50, 140))
    brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*fill, opacity))


def _draw_stem(brush: ImageDraw.ImageDraw, side: int, draws: Draws) -> None:
    x, y = draws.between(0, side), draws.between(0, side)
    dx, dy = side * polar(angle := draws.between(0, 180), angle, 1)[0]
    width = max(1, round(side * draws.between(0.007, 0.035)))
    fill = darkened(_BARK, draws.between(0.7, 1.6))
    brush.line((x - dx, y - dy, x + dx, y + dy), fill=(*fill, 170), width=width)


def _light(side: int, index: int, draws: Draws) -> np.ndarray:
    """Return a factor for pictures, (side, side, 1): light falls off to a side.

    Every third light is dappled.
    """
    (dx, dy), strength = polar(angle := draws.between(0, 360), angle, 1)[0], draws.between(0, 0.5)
    across = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    light = 1 + strength * (dx * across[None, :] + dy * across[:, None])
    if index % 3 == 0:
        light = light + 0.13 * _enlarged(draws.normal(4, 4), side)
    return light.astype(np.float32)[..., None]


def draw_perch(
    brush: ImageDraw.ImageDraw, view: Placement, side: int, x: float, y: float
) -> Callable[[float], float]:
    """Draw the perch through (x, y) pixels; return a function from x to the height of its top."""
    if view.perch == "post":
        _draw_post(brush, view, side, x, y)
        return lambda at: y
    if view.perch == "reed":
        slope, width = 1.8 * view.perch_slope, max(2.0, 0.6 * view.perch_thickness * side)
        fill = mixed(_REED, _REED_LIT, view.perch_tone)
    else:
        slope, width = view.perch_slope, max(2.0, view.perch_thickness * side)
        fill = mixed(_BARK, _BARK_LIT, view.perch_tone)

    def height(at: float) -> float:
        return y + slope * (at - x)

    # (how far below the top, how wide, which colour): body, shaded underside, lit top
    for depth, share, colour in (
        (0.5, 1.0, fill),
        (0.85, 0.33, darkened(fill, 0.72)),
        (0.22, 0.25, mixed(fill, _LIGHT, 0.25)),
    ):
        line = [(at, height(at) + depth * width) for at in (-0.1 * side, 1.1 * side)]
        brush.line(line, fill=colour, width=max(1, round(share * width)))
    return height


def _draw_post(brush: ImageDraw.ImageDraw, view: Placement, side: int, x: float, y: float) -> None:
    fill = mixed(_WOOD, _WOOD_LIT, view.perch_tone)
    half = side * (0.07 + view.perch_thickness)
    cap = 0.2 * half
    lean = 0.25 * view.perch_slope * side
    bottom = side * 1.05

    def stave(left: float, right: float, colour: Colour) -> None:
        top = ((x + left * half, y), (x + right * half, y))
        foot = ((x + right * half + lean, bottom), (x + left * half + lean, bottom))
        brush.polygon([*top, *foot], fill=colour)

    stave(-1.0, 1.0, fill)
    stave(-1.0, -0.55, mixed(fill, _LIGHT, 0.14))
    stave(0.4, 1.0, darkened(fill, 0.78))
    stave(-0.15, -0.08, darkened(fill, 0.70))
    brush.ellipse((x - half, y - cap, x + half, y + cap), fill=mixed(fill, _LIGHT, 0.28))


def draw_leaf(brush: ImageDraw.ImageDraw, leaf: Leaf, side: int) -> None:
    """Draw a leaf with its midrib."""
    fill = mixed(_LEAF, _LEAF_DRY, leaf.tone)
    width = leaf.half_width
    shape = np.array(
        [
            (-1, 0),
            (-0.75, 0.6 * width),
            (-0.25, width),
            (0.35, 0.8 * width),
            (0.8, 0.3 * width),
            (1, 0),
            (0.8, -0.3 * width),
            (0.35, -0.8 * width),
            (-0.25, -width),
            (-0.75, -0.6 * width),
            (-1.5, 0.1),
            (1, 0),
        ]
    )
    turn = rotation(leaf.angle).T * leaf.half_length
    placed = (shape @ turn + (leaf.x, leaf.y)) * side
    outline, stalk = placed[:-2], placed[-2:]
    brush.polygon(outline.ravel().tolist(), fill=fill, outline=darkened(fill, 0.6))
    brush.line(stalk.ravel().tolist(), fill=darkened(fill, 0.65), width=max(1, side // 140))


def is_behind(leaf: Leaf, points: np.ndarray) -> np.ndarray:
    """Say which points, (n, 2) in frame widths, a leaf hides."""
    local = (points - (leaf.x, leaf.y)) @ rotation(leaf.angle) / leaf.half_length
    reach = 0.85 * leaf.half_width * np.sqrt(np.clip(1 - local[:, 0] ** 2, 0, 1))
    return np.abs(local[:, 1]) < reach
