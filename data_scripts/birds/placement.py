"""Settings of each photo: pose, framing, perch, leaves in front, light; from a row of draws.

A row depends only on the seed, the genus, the species and the photo's number. So a data set with
more photos begins with the photos of a smaller data set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from data_scripts.birds.draws import Draws

MAX_LEAVES = 3
PERCH_KINDS = ("branch", "branch", "branch", "reed", "post")
Jittered = Literal["back", "belly", "crown", "marks"]
JITTERED: tuple[Jittered, ...] = get_args(Jittered)


class Leaf(NamedTuple):
    """A leaf in front of the bird.

    Place and half length are in frame widths, the half width is in half lengths, the angle in
    degrees.
    """

    x: float
    y: float
    half_length: float
    half_width: float
    angle: float
    tone: float


@dataclass(frozen=True)
class Placement:
    """The settings of a photo: angles in degrees, sizes and positions in shares unless noted."""

    mirrored: bool
    length: float  # the figure's longer side, in frame widths
    along: float  # where in the free room, 0 left to 1 right
    across: float  # 0 top to 1 bottom
    roll: float
    foreshortening: float  # horizontal scale of the figure, 1 when seen from the side
    head_turn: float
    tail_turn: float
    wing_turn: float
    tint: dict[Jittered, tuple[float, float, float]]  # added to RGB, 0 to 255
    background: float  # which background of the pool, and which light and grain below
    crop_x: float
    crop_y: float
    crop_side: float
    background_mirrored: bool
    perch: str
    perch_slope: float
    perch_thickness: float
    perch_tone: float
    leaves: tuple[Leaf, ...]
    brightness: float
    warmth: float
    contrast: float
    light: float
    grain: float
    grain_strength: float  # standard deviation in grey levels
    soft: bool  # slightly out of focus


LEAF_COLUMNS = 6
COLUMNS = 26 + 3 * len(JITTERED) + LEAF_COLUMNS * MAX_LEAVES


def placement_table(seed: int, genus: int, species: int, photos: int) -> np.ndarray:
    """Draw the uniform numbers behind a species's photos: float64, (photos, ``COLUMNS``)."""
    return Draws(seed, "placement", genus, species).uniform(photos, COLUMNS)


def placement(row: np.ndarray) -> Placement:
    """Read a row of ``placement_table`` as the settings of a photo."""
    draws = iter(row.tolist())

    def between(low: float, high: float) -> float:
        return low + (high - low) * next(draws)

    return Placement(
        mirrored=next(draws) < 0.5,
        length=between(0.62, 0.93),
        along=between(0, 1),
        across=between(0, 1),
        roll=between(-16, 16),
        foreshortening=between(0.72, 1.0),
        head_turn=between(-24, 22),
        tail_turn=between(-16, 16),
        wing_turn=between(-8, 10),
        tint={name: (between(-11, 11), between(-11, 11), between(-11, 11)) for name in JITTERED},
        background=next(draws),
        crop_x=next(draws),
        crop_y=next(draws),
        crop_side=between(0.55, 1.0),
        background_mirrored=next(draws) < 0.5,
        perch=PERCH_KINDS[int(next(draws) * len(PERCH_KINDS))],
        perch_slope=between(-0.18, 0.18),
        perch_thickness=between(0.035, 0.06),
        perch_tone=next(draws),
        leaves=_leaves(next(draws), between),
        brightness=between(0.70, 1.20),
        warmth=between(-0.09, 0.09),
        contrast=between(0.78, 1.15),
        light=next(draws),
        grain=next(draws),
        grain_strength=between(1, 6),
        soft=next(draws) < 0.2,
    )


def _leaves(draw: float, between: Callable[[float, float], float]) -> tuple[Leaf, ...]:
    """Draw 1 to 3 leaves for half of the photos; every row uses up the draws of all leaves."""
    count = 1 + int((2 * draw - 1) * MAX_LEAVES) if draw >= 0.5 else 0
    leaves = tuple(
        Leaf(
            x=between(0.08, 0.92),
            y=between(0.08, 0.92),
            half_length=between(0.07, 0.14),
            half_width=between(0.2, 0.34),
            angle=between(0, 360),
            tone=between(0, 1),
        )
        for _ in range(MAX_LEAVES)
    )
    return leaves[:count]
