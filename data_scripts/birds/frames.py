"""Frames: where a region's own coordinates lie on the bird at rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from data_scripts.birds.geometry import Outline, curve, rotation, smooth
from data_scripts.birds.species import Build

HALF = 0.5
"""Half the length of the body; the length of the body is 1."""

_TAIL_ENDS: dict[str, tuple[float, tuple[tuple[float, float], ...]]] = {
    "rounded": (0.10, ((0.93, 1), (1.01, 0.6), (1.04, 0), (1.01, -0.6), (0.93, -1))),
    "notched": (0.12, ((1.03, 1), (0.92, 0), (1.03, -1))),
    "forked": (0.16, ((1.20, 1), (0.70, 0.05), (0.70, -0.05), (1.20, -1))),
    "pointed": (0.09, ((0.60, 1), (1.22, 0), (0.60, -1))),
    "fan": (0.22, ((0.86, 1), (0.98, 0.55), (1.03, 0), (0.98, -0.55), (0.86, -1))),
}
_TAIL_ROOT = 0.065


class Frames:
    """The frames of a build: egg-shaped body, tail, wing, head."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.depth = build.plumpness  # half the body's height
        self._tilt = rotation(-build.stance)
        self._level = rotation(-0.12 * build.stance)
        self._head_centre = self.body(
            0.80 * HALF + 0.75 * build.neck, -0.74 * self.depth - build.neck
        )

    def body(self, x: ArrayLike, y: ArrayLike) -> np.ndarray:
        """Place points given along and across the body's axis, from its middle."""
        return np.stack(np.broadcast_arrays(x, y), axis=-1).astype(float) @ self._tilt.T

    def egg(self, degrees: np.ndarray, radius: float | np.ndarray) -> Outline:
        """Place polar coordinates of the body: 0 its front, 90 its belly, radius 1 its outline."""
        angle = np.deg2rad(degrees)
        cos, sin = np.cos(angle), np.sin(angle)
        slim = 1 - 0.22 * np.clip(-cos, 0, 1) ** 2
        height = self.depth * sin * (1 + self.build.fullness * cos) * slim
        return self.body(radius * HALF * cos, radius * height)

    def tail(self, along: ArrayLike, across: ArrayLike) -> np.ndarray:
        """Place points of the tail.

        Args:
            along: distance from the rump, in tail lengths.
            across: distance from the axis, in body lengths; down is positive.
        """
        x = -0.84 * HALF - np.asarray(along, dtype=float) * self.build.tail
        return self.body(x, np.asarray(across, dtype=float) - 0.02 + 0.03 * np.asarray(along))

    def tail_outline(self, shape: str) -> Outline:
        """Return the outline of a whole tail of this shape."""
        half_width, end = _TAIL_ENDS[shape]
        along = [-0.15, *(t for t, _ in end), -0.15]
        across = [_TAIL_ROOT, *(z * half_width for _, z in end), -_TAIL_ROOT]
        return self.tail(along, across)

    @staticmethod
    def tail_half_width(shape: str, along: float) -> float:
        """Return half the tail's width at a place along the tail, in body lengths."""
        half_width = _TAIL_ENDS[shape][0]
        return _TAIL_ROOT + (half_width - _TAIL_ROOT) * min(1.0, max(0.0, (along + 0.15) / 1.1))

    def wing(self, along: ArrayLike, across: ArrayLike) -> np.ndarray:
        """Place points of the wing.

        Args:
            along: 0 at the shoulder, 1 at the tip.
            across: distance from the axis, in wing widths; down is positive.
        """
        along = np.asarray(along, dtype=float)
        x = 0.27 - along * 0.80 * self.build.wing
        y = -0.14 * self.depth + 0.10 * self.depth * along
        return self.body(x, y + 0.60 * self.depth * np.asarray(across, dtype=float))

    def wing_outline(self) -> Outline:
        """Return the outline of the folded wing."""
        knots = (
            *((0.00, 0.05), (0.05, -0.36), (0.22, -0.58), (0.48, -0.52), (0.72, -0.30)),
            *((0.92, -0.08), (1.02, 0.05), (0.90, 0.26), (0.66, 0.58), (0.40, 0.80)),
            *((0.18, 0.74), (0.04, 0.42)),
        )
        return smooth([tuple(self.wing(*knot)) for knot in knots], per_side=3)

    def head(self, points: np.ndarray) -> np.ndarray:
        """Place points of the head, (n, 2), in head radii from its centre; +x is its front."""
        return self._head_centre + self.build.head * (np.asarray(points) @ self._level.T)

    def neck(self) -> tuple[Outline, np.ndarray]:
        """Return the neck's outline, and the share of the head's turn that each point follows."""
        nape, chest = self._nape(), self._chest()
        middle = self.head(np.array([(0.0, 0.0)]))
        weight = np.linspace(0, 1, len(nape))
        return np.concatenate([nape, middle, chest[::-1]]), np.concatenate(
            [weight, [1], weight[::-1]]
        )

    def neck_front(self, width: float) -> tuple[Outline, np.ndarray]:
        """Return the front of the neck, and the share of the head's turn that each point follows.

        The front has the belly's colour.

        Args:
            width: how far the front reaches from the chest line to the nape, 0 to 1.
        """
        nape, chest = self._nape(), self._chest()
        inner = chest + width * (nape - chest)
        weight = np.linspace(0, 1, len(nape))
        return np.concatenate([chest, inner[::-1]]), np.concatenate([weight, weight[::-1]])

    def throat(self) -> tuple[Outline, np.ndarray]:
        """Return the upper third of the neck's front, below the chin, as ``neck_front`` does."""
        outline, weight = self.neck_front(0.42)
        upper = weight >= 0.6
        return outline[upper], weight[upper]

    def _nape(self) -> Outline:
        start, end = self.egg(np.array([255.0]), 1.0)[0], self.head(np.array([(-0.93, -0.36)]))[0]
        control = self.body(0.13, -0.98 * self.depth)
        return curve([tuple(start), tuple(control), tuple(end)], 8)

    def _chest(self) -> Outline:
        start, end = self.egg(np.array([22.0]), 1.0)[0], self.head(np.array([(0.62, 0.78)]))[0]
        control = self.egg(np.array([-12.0]), 1.04)[0]
        return curve([tuple(start), tuple(control), tuple(end)], 8)
