"""Outlines: small float64 arrays of shape (n, 2), x to the right and y down as in a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Point = tuple[float, float]
Outline = np.ndarray


def rotation(degrees: float) -> np.ndarray:
    """Return the 2 x 2 matrix that turns a picture clockwise (y points down)."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def polar(start: float, stop: float, count: int) -> Outline:
    """Return points of the unit circle from ``start`` to ``stop`` degrees, clockwise from +x."""
    angle = np.deg2rad(np.linspace(start, stop, count))
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def ellipse(centre: Point, half_axes: Point, count: int = 24) -> Outline:
    """Return an ellipse whose axes are parallel to x and y."""
    return polar(0, 360, count + 1)[:-1] * half_axes + centre


def curve(points: Sequence[Point], count: int = 9) -> Outline:
    """Return a Bézier curve of any degree, from the first control point to the last: (count, 2)."""
    layer = np.repeat(np.asarray(points, dtype=float)[:, None], count, axis=1)
    t = np.linspace(0, 1, count)[:, None]
    while len(layer) > 1:
        layer = layer[:-1] * (1 - t) + layer[1:] * t
    return layer[0]


def smooth(points: Sequence[Point], per_side: int = 4) -> Outline:
    """Return a closed Catmull-Rom spline, with ``per_side`` samples between neighbours."""
    p1 = np.asarray(points, dtype=float)
    p0, p2, p3 = np.roll(p1, 1, axis=0), np.roll(p1, -1, axis=0), np.roll(p1, -2, axis=0)
    samples = []
    for t in np.arange(per_side) / per_side:
        cubic = -p0 + 3 * p1 - 3 * p2 + p3
        square = 2 * p0 - 5 * p1 + 4 * p2 - p3
        samples.append(0.5 * (2 * p1 + (p2 - p0) * t + square * t**2 + cubic * t**3))
    return np.stack(samples, axis=1).reshape(-1, 2)


def ribbon(points: Sequence[Point] | Outline, width: float, taper: float = 0.0) -> Outline:
    """Return the outline of a stroke along ``points``; ``taper`` narrows both ends, 0 to 1."""
    spine = np.asarray(points, dtype=float)
    along = np.gradient(spine, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    position = np.linspace(-1, 1, len(spine))[:, None]
    half = 0.5 * width * (1 - taper * position**2)
    return np.concatenate([spine + half * normal, (spine - half * normal)[::-1]])


def band(first: Outline, second: Outline) -> Outline:
    """Return the outline of the region between two curves that run the same way."""
    return np.concatenate([first, second[::-1]])
