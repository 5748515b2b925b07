"""Birds as jointed paper puppets: painted patches, each point held by the body and a bone.

A puppet is drawn once for each species, at rest: it faces right, in the stance of its genus. A view
bends it. A point moves with the body, and by its *weight* also with its bone's turn about the
bone's joint (linear blend skinning), so that a neck follows the head smoothly. Lengths are in body
lengths; x runs to the bird's front, y down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from data_scripts.birds.geometry import Outline, Point

PARTS = (
    *("back", "beak", "belly", "breast", "crown", "forehead", "left eye", "left leg"),
    *("left wing", "nape", "right eye", "right leg", "right wing", "tail", "throat"),
)
"""CUB-200-2011's parts in its order; left and right are the bird's own."""


class Bone(IntEnum):
    """A part of the puppet that may turn by itself; ``BODY`` is the figure as a whole."""

    BODY = 0
    HEAD = 1
    TAIL = 2
    WING = 3


class Paint(NamedTuple):
    """A pigment and its tone: below 1 it is darkened, above 1 it is mixed with white."""

    pigment: str
    tone: float = 1.0


class Patch(NamedTuple):
    """The points ``start:stop`` of a puppet: filled, or inked along when ``stroke`` > 0."""

    start: int
    stop: int
    paint: Paint
    stroke: float


@dataclass(frozen=True)
class Puppet:
    """A drawn species.

    Attributes:
        points: (n, 2), the puppet at rest.
        levers: (n, 2), weight x (point - joint).
        bones: (n,), the bone of each point.
        patches: what is painted, in order.
        landmarks: indices of single points by name: the parts of one side (without "left" and
            "right"), the two hips, and the light in the eye.
        leg_length: in body lengths.
    """

    points: np.ndarray
    levers: np.ndarray
    bones: np.ndarray
    patches: tuple[Patch, ...]
    landmarks: dict[str, int]
    leg_length: float

    def bent(self, turns: tuple[float, float, float]) -> np.ndarray:
        """Return the points (n, 2) with head, tail and wing turned by these degrees."""
        angle = np.deg2rad((0.0, *turns))
        cos, sin = (np.cos(angle) - 1)[self.bones], np.sin(angle)[self.bones]
        x, y = self.levers[:, 0], self.levers[:, 1]
        moved = self.points.copy()
        moved[:, 0] += cos * x - sin * y
        moved[:, 1] += sin * x + cos * y
        return moved


@dataclass
class Sketch:
    """A puppet in the making: its patches, in the order of painting."""

    joints: dict[Bone, Point]
    _points: list[np.ndarray] = field(default_factory=list)
    _levers: list[np.ndarray] = field(default_factory=list)
    _bones: list[np.ndarray] = field(default_factory=list)
    _patches: list[Patch] = field(default_factory=list)
    _landmarks: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def fill(
        self,
        outline: Outline,
        paint: Paint,
        bone: Bone = Bone.BODY,
        weight: float | np.ndarray = 1.0,
    ) -> None:
        """Paint the inside of an outline."""
        start = self._hold(outline, bone, weight)
        self._patches.append(Patch(start, self._count, paint, 0.0))

    def ink(
        self,
        outline: Outline,
        paint: Paint,
        bone: Bone = Bone.BODY,
        weight: float | np.ndarray = 1.0,
        width: float = 0.03,
    ) -> None:
        """Draw along a closed outline."""
        start = self._hold(np.concatenate([outline, outline[:1]]), bone, _closed(weight))
        self._patches.append(Patch(start, self._count, paint, width))

    def mark(self, name: str, point: Point | np.ndarray, bone: Bone = Bone.BODY) -> None:
        """Remember a single point by name."""
        self._landmarks[name] = self._hold(np.asarray(point, dtype=float)[None], bone, 1.0)

    def finish(self, leg_length: float) -> Puppet:
        """Return the puppet that has been drawn."""
        return Puppet(
            points=np.concatenate(self._points),
            levers=np.concatenate(self._levers),
            bones=np.concatenate(self._bones),
            patches=tuple(self._patches),
            landmarks=dict(self._landmarks),
            leg_length=leg_length,
        )

    def _hold(self, points: np.ndarray, bone: Bone, weight: float | np.ndarray) -> int:
        start = self._count
        weights = np.broadcast_to(np.asarray(weight, dtype=float), len(points))
        self._points.append(points)
        self._levers.append((points - self.joints.get(bone, (0.0, 0.0))) * weights[:, None])
        self._bones.append(np.full(len(points), int(bone)))
        self._count += len(points)
        return start


def _closed(weight: float | np.ndarray) -> float | np.ndarray:
    return np.append(weight, weight[0]) if isinstance(weight, np.ndarray) else weight
