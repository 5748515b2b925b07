"""Embeddings as points of a plane, with the images that they belong to."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from course_lib.validation import Ids
from course_lib.visualization.drawing import (
    Picture,
    finished,
    in_order,
    named,
    plain,
    thumbnail,
)

MARKERS = "os^vDPX*phdH"
# Okabe & Ito's, without yellow: told apart by those who see no red or no green.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
ROOM = 0.1  # least distance between two thumbnails' centres, as a share of the plane


def embedding_map(
    points: Any,
    category_ids: Ids,
    images: Sequence[Picture] | None = None,
    *,
    category_names: Mapping[int, str] | None = None,
    max_thumbnails: int = 60,
    title: str = "t-SNE of the embeddings",
) -> Figure:
    """Draw embeddings as points, a marker for each category, some of their images on top.

    Args:
        points: ``(N, 2)``, as :func:`tsne` returns.
        category_ids: ``(N,)`` integers.
        images: N images; None draws markers only.
        category_names: names to show; ids where it has none.
        max_thumbnails: images drawn, where there is room: they never cover each other.
        title: title of the figure.

    Raises:
        ValueError: the lengths differ.

    Example:
        >>> points = [[0, 0], [0, 1], [1, 0], [5, 5], [5, 6], [6, 5]]
        >>> figure = embedding_map(points, category_ids=[1, 1, 1, 2, 2, 2])
        >>> print(figure.get_label())
        t-SNE of the embeddings. 6 images of 2 categories as points of a plane, 0 of them as
        thumbnails. In the map: 40% of the five nearest points are of the same category.
    """
    return _maps({"": points}, category_ids, images, category_names, max_thumbnails, title)


def before_after(
    before: Any,
    after: Any,
    category_ids: Ids,
    images: Sequence[Picture] | None = None,
    *,
    names: tuple[str, str] = ("before", "after"),
    category_names: Mapping[int, str] | None = None,
    max_thumbnails: int = 40,
    title: str = "t-SNE before and after training",
) -> Figure:
    """Draw two maps of the same images side by side, with the same thumbnails.

    Args:
        before: ``(N, 2)`` points.
        after: ``(N, 2)`` points of the same images.
        category_ids: ``(N,)`` integers.
        images: N images; None draws markers only.
        names: names of the two maps.
        category_names: names to show; ids where it has none.
        max_thumbnails: images drawn, where both maps have room.
        title: title of the figure.

    Raises:
        ValueError: the lengths differ.

    Example:
        >>> before, after = np.random.rand(2, 6, 2)
        >>> figure = before_after(before, after, category_ids=[1, 1, 1, 2, 2, 2])
        >>> [axes.get_title() for axes in figure.axes]
        ['before', 'after']
    """
    maps = dict(zip(names, (before, after), strict=True))
    return _maps(maps, category_ids, images, category_names, max_thumbnails, title)


def same_category_share(points: Any, category_ids: Ids, k: int = 5) -> float:
    """Return the share of a point's k nearest neighbours in the plane that are of its category.

    The number says what a map shows to the eye; it judges the map, not the embeddings.

    Example:
        >>> points = [[0, 0], [0, 1], [1, 0], [5, 5], [5, 6], [6, 5]]
        >>> same_category_share(points, category_ids=[1, 1, 1, 2, 2, 2], k=2)
        1.0
    """
    positions, categories = plain(points).astype(np.float64), np.asarray(category_ids)
    k = min(k, len(positions) - 1)
    squared = ((positions[:, None] - positions[None]) ** 2).sum(axis=2)  # (N, N)
    np.fill_diagonal(squared, np.inf)
    nearest = squared.argpartition(k - 1, axis=1)[:, :k]
    return float((categories[nearest] == categories[:, None]).mean())


def _maps(
    maps: Mapping[str, Any],
    category_ids: Ids,
    images: Sequence[Picture] | None,
    category_names: Mapping[int, str] | None,
    max_thumbnails: int,
    title: str,
) -> Figure:
    categories = np.asarray(category_ids)
    planes = {name: _unit_square(points, len(categories)) for name, points in maps.items()}
    if images is not None and len(images) != len(categories):
        raise ValueError(f"{len(images)} images need as many category_ids, got {len(categories)}")
    figure = Figure(figsize=(6.4 * len(planes), 7.0), layout="constrained")
    chosen = _spread(list(planes.values()), max_thumbnails) if images is not None else []
    order = sorted(in_order(categories))
    for position, (name, plane) in enumerate(planes.items(), start=1):
        axes = figure.add_subplot(1, len(planes), position)
        _scatter(axes, plane, categories, order)
        for member in chosen:
            assert images is not None
            colour = _style(order.index(categories[member]))[1]
            _attach(axes, images[member], plane[member], colour)
        axes.set_title(name)
        axes.set_xlabel("t-SNE (near means alike; the axes have no meaning)")
        axes.set_ylabel("t-SNE")
    figure.legend(
        handles=[
            Line2D([], [], linestyle="", marker=m, color=c, label=named(category, category_names))
            for category, (m, c) in zip(order, map(_style, range(len(order))), strict=True)
        ],
        title="category",
        loc="outside lower center",
        ncols=min(6, len(order)),
        frameon=False,
    )
    shares = " ".join(
        f"{name or 'In the map'}: {same_category_share(plane, categories):.0%} of the five nearest "
        "points are of the same category."
        for name, plane in planes.items()
    )
    return finished(
        figure,
        title,
        f"{len(categories)} images of {len(order)} categories as points of a plane, "
        f"{len(chosen)} of them as thumbnails. {shares}",
    )


def _unit_square(points: Any, expected: int) -> np.ndarray:
    """Move and scale points into [0, 1]², proportions kept."""
    plane = plain(points).astype(np.float64)
    if plane.shape != (expected, 2) or expected < 2:
        raise ValueError(
            f"{expected} category_ids need as many points, at least 2, as (N, 2); got {plane.shape}"
        )
    extent = np.ptp(plane, axis=0).max() or 1.0
    middle = (plane.max(axis=0) + plane.min(axis=0)) / 2
    return (plane - middle) / extent + 0.5


def _style(number: int) -> tuple[str, str]:
    """Return marker and colour of a category: 84 different pairs."""
    return MARKERS[number % len(MARKERS)], COLOURS[number % len(COLOURS)]


def _scatter(axes: Axes, plane: np.ndarray, categories: np.ndarray, order: list[int]) -> None:
    for number, category in enumerate(order):
        marker, colour = _style(number)
        axes.scatter(
            plane[categories == category, 0],
            plane[categories == category, 1],
            marker=marker,
            s=34,
            color=colour,
            edgecolors="white",
            linewidths=0.5,
        )
    axes.set_xlim(-0.06, 1.06)
    axes.set_ylim(-0.06, 1.06)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])


def _spread(planes: list[np.ndarray], at_most: int) -> list[int]:
    """Choose points that keep their distance in every plane; return them in order of the images."""
    chosen: list[int] = []
    # A fixed shuffle: by index, the first categories would take all the room.
    for candidate in np.random.default_rng(0).permutation(len(planes[0])).tolist():
        if len(chosen) == at_most:
            break
        if all(
            np.abs(plane[chosen] - plane[candidate]).max(axis=1, initial=0).min(initial=1) > ROOM
            for plane in planes
        ):
            chosen.append(candidate)
    return sorted(chosen)


def _attach(axes: Axes, image: Picture, position: np.ndarray, colour: str) -> None:
    box = AnnotationBbox(
        OffsetImage(thumbnail(image), zoom=0.5),
        tuple(position),
        pad=0.12,
        bboxprops={"edgecolor": colour, "linewidth": 1.8},
    )
    axes.add_artist(box)
