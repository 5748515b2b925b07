"""Pictures of what the course builds.

Every function takes plain arrays, tensors or PIL images and returns a matplotlib ``Figure`` with
title and labels. Nothing is said by colour alone: hits and misses differ in frame and symbol,
curves in their dashes, and the colours of a heat map also in lightness. The figure's label
(``figure.get_label()``) is its alternative text; :func:`show` puts both into a notebook.
"""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from course_lib.validation import Ids

Picture = Any
"""A PIL image, an ``(H, W, 3)`` array, or a ``(3, H, W)`` tensor; uint8, or floats in [0, 1]."""

THUMBNAIL = 64  # side of a thumbnail in pixels
HIT, MISS = "#0b6e4f", "#b3261e"  # differ in lightness, too
DASHES = ("-", "--", ":", "-.")


def batch_montage(
    images: Sequence[Picture],
    category_ids: Ids,
    product_ids: Ids,
    *,
    category_names: Mapping[int, str] | None = None,
    product_names: Mapping[int, str] | None = None,
    title: str = "A batch, by category and product",
) -> Figure:
    """The images of a batch: a row for each category, in it a block for each product.

    Args:
        images: N images, in any order.
        category_ids: ``(N,)`` integers.
        product_ids: ``(N,)`` integers.
        category_names: names to show; ids where it has none.
        product_names: names to show; ids where it has none.
        title: of the figure.

    Raises:
        ValueError: there are no images, or not as many ids as images.
    """
    categories, products = np.asarray(category_ids), np.asarray(product_ids)
    if not len(images) == len(categories) == len(products):
        raise ValueError(
            f"{len(images)} images need as many ids, got {len(categories)} category_ids and "
            f"{len(products)} product_ids"
        )
    layout = {
        category: {
            product: np.flatnonzero((categories == category) & (products == product))
            for product in _in_order(products[categories == category])
        }
        for category in _in_order(categories)
    }
    gap = THUMBNAIL // 4
    row_height = THUMBNAIL + 2 * gap
    row_widths = [
        sum(len(block) * THUMBNAIL + gap for block in row.values()) - gap for row in layout.values()
    ]
    canvas = _canvas(len(layout) * row_height, max(row_widths, default=1))
    figure, axes = _figure(canvas.shape[1] / 85 + 1.2, canvas.shape[0] / 85 + 0.9)
    for row, blocks in enumerate(layout.values()):
        top, left = row * row_height + 2 * gap, 0
        for product, members in blocks.items():
            axes.text(
                left,
                top - 4,
                _named(product, product_names),
                fontsize=8,
                va="bottom",
            )
            for member in members.tolist():
                _paste(canvas, images[member], top, left)
                left += THUMBNAIL
            left += gap
    _draw(canvas, axes)
    axes.set_xticks([])
    axes.set_yticks(
        [row * row_height + 2 * gap + THUMBNAIL / 2 for row in range(len(layout))],
        [_named(category, category_names) for category in layout],
    )
    axes.set_ylabel("category")
    axes.set_xlabel("images, in one block for each product")
    return _finish(
        figure,
        title,
        f"Montage of {len(images)} images in {len(layout)} rows, one for each category. "
        + " ".join(
            f"{_named(category, category_names)}: "
            + ", ".join(
                f"{len(members)} of {_named(product, product_names)}"
                for product, members in blocks.items()
            )
            + "."
            for category, blocks in layout.items()
        ),
    )


def distance_heat_map(
    distances: Any,
    labels: Ids,
    *,
    names: Mapping[int, str] | None = None,
    title: str = "Squared distances within a batch",
) -> Figure:
    """All distances of a batch as a heat map; lines separate the products.

    Args:
        distances: ``(B, B)`` squared distances.
        labels: ``(B,)`` integers; equal ones must be neighbours, as the sampler yields them.
        names: names of the labels to show; ids where it has none.
        title: of the figure.

    Raises:
        ValueError: ``distances`` is not ``(B, B)`` for B labels.
    """
    matrix, groups = _plain(distances), np.asarray(labels)
    if matrix.shape != (len(groups), len(groups)):
        raise ValueError(f"{len(groups)} labels need as many rows and columns, got {matrix.shape}")
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    centres = (starts + np.r_[starts[1:], len(groups)] - 1) / 2
    figure, axes = _figure(6.4, 5.4)
    picture = axes.imshow(matrix, cmap="viridis")
    for start in starts[1:]:
        axes.axhline(start - 0.5, color="white", linewidth=0.8)
        axes.axvline(start - 0.5, color="white", linewidth=0.8)
    ticks = [_named(groups[start], names) for start in starts]
    axes.set_xticks(centres, ticks, rotation=90, fontsize=8)
    axes.set_yticks(centres, ticks, fontsize=8)
    axes.set_xlabel("image, by product")
    axes.set_ylabel("image, by product")
    figure.colorbar(picture, ax=axes, label="squared distance (dark: near)")
    same = groups[:, None] == groups[None, :]
    other_images = same & ~np.eye(len(groups), dtype=bool)
    return _finish(
        figure,
        title,
        f"Squared distances between {len(groups)} images of {len(starts)} products. "
        f"Mean within a product {_mean(matrix[other_images])}, "
        f"between products {_mean(matrix[~same])}.",
    )


def triplet_strips(
    anchors: Sequence[Picture],
    positives: Sequence[Picture],
    negatives: Sequence[Picture],
    to_positive: Any,
    to_negative: Any,
    *,
    title: str = "Semi-hard triplets",
) -> Figure:
    """Triplets, one a row: anchor, positive, negative, with the squared distances to the anchor.

    Args:
        anchors: T images, T >= 1.
        positives: T images of the anchors' products.
        negatives: T images of other products.
        to_positive: ``(T,)`` squared distances from anchor to positive.
        to_negative: ``(T,)`` squared distances from anchor to negative.
        title: of the figure.

    Raises:
        ValueError: the lengths differ, or there is no triplet.
    """
    near, far = _plain(to_positive), _plain(to_negative)
    lengths = {len(anchors), len(positives), len(negatives), len(near), len(far)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            "a triplet needs an anchor, a positive, a negative and two distances; got "
            f"{len(anchors)}, {len(positives)}, {len(negatives)}, {len(near)} and {len(far)}"
        )
    rows = list(zip(anchors, positives, negatives, strict=True))
    captions = [["", f"d² = {p:.2f}", f"d² = {n:.2f}"] for p, n in zip(near, far, strict=True)]
    figure, axes = _gallery(rows, captions)
    axes.set_xticks(_column_centres(3), ["anchor", "positive", "negative"])
    axes.set_xlabel("squared distance to the anchor below each image")
    axes.set_ylabel("triplet")
    return _finish(
        figure,
        title,
        f"{len(rows)} triplets, one a row. Squared distances from the anchor to positive and "
        "negative: " + "; ".join(f"{p:.2f} and {n:.2f}" for p, n in zip(near, far, strict=True)),
    )


def retrieval_gallery(
    queries: Sequence[Picture],
    retrieved: Sequence[Sequence[Picture]],
    hits: Any,
    distances: Any,
    *,
    title: str = "Nearest images of the retrieval set",
) -> Figure:
    """Queries, one a row, with what was retrieved, nearest first; hits and misses are marked.

    Args:
        queries: Q images, Q >= 1.
        retrieved: for each query its k nearest images.
        hits: ``(Q, k)`` bools: does the retrieved image show the query's product?
        distances: ``(Q, k)`` squared distances.
        title: of the figure.

    Raises:
        ValueError: the shapes do not fit.
    """
    found, far = _plain(hits).astype(bool), _plain(distances)
    k = len(retrieved[0]) if len(retrieved) else 0
    shape = (len(queries), k)
    if 0 in shape or found.shape != shape or far.shape != shape or len(retrieved) != shape[0]:
        raise ValueError(
            f"{len(queries)} queries need as many rows of equally many retrieved images, hits and "
            f"distances; got {len(retrieved)} rows of {k} images, hits {found.shape}, "
            f"distances {far.shape}"
        )
    rows = [(query, *images) for query, images in zip(queries, retrieved, strict=True)]
    captions = [
        ["", *(f"{'✓' if hit else '✗'}  {d:.2f}" for hit, d in zip(*row, strict=True))]
        for row in zip(found, far, strict=True)
    ]
    figure, axes = _gallery(rows, captions)
    for row, marks in enumerate(found):
        for rank, hit in enumerate(marks, start=1):
            axes.add_patch(
                Rectangle(
                    (rank * COLUMN, row * ROW),
                    THUMBNAIL,
                    THUMBNAIL,
                    fill=False,
                    edgecolor=HIT if hit else MISS,
                    linestyle="-" if hit else (0, (2, 2)),
                    linewidth=3,
                )
            )
    axes.set_xticks(_column_centres(k + 1), ["query", *map(str, range(1, k + 1))])
    axes.set_xlabel("rank   (✓ solid frame: same product, ✗ dashed: another; squared distance)")
    axes.set_ylabel("query")
    return _finish(
        figure,
        title,
        f"{len(rows)} queries, one a row, each with its {k} nearest images. Hits among them: "
        + ", ".join(f"{int(row.sum())} of {k}" for row in found)
        + ".",
    )


def loss_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    ylabel: str = "loss",
    smooth: int = 1,
    title: str = "Training",
) -> Figure:
    """Losses, or other figures, over the steps of training; one line for each name.

    Args:
        curves: name -> values, one for each step.
        ylabel: what the values are.
        smooth: steps of the running mean that is drawn, >= 1; 1 draws the values as they are.
        title: of the figure.

    Raises:
        ValueError: there is no curve, one is empty, or ``smooth`` is below 1.
    """
    if not curves or any(len(values) == 0 for values in curves.values()) or smooth < 1:
        raise ValueError("loss_curves needs at least one curve, values in each, and smooth >= 1")
    figure, axes = _figure(6.4, 3.6)
    for number, (name, values) in enumerate(curves.items()):
        width = min(smooth, len(values))
        means = np.convolve(np.asarray(values, dtype=float), np.ones(width) / width, mode="valid")
        steps = np.arange(width, len(values) + 1)
        axes.plot(steps, means, DASHES[number % len(DASHES)], linewidth=1.8, label=name)
    axes.set_xlabel("step" if smooth == 1 else f"step (running mean of {smooth})")
    axes.set_ylabel(ylabel)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.grid(alpha=0.3)
    if len(curves) > 1:
        axes.legend(handlelength=3.5)
    return _finish(
        figure,
        title,
        f"Curves of {ylabel} over training steps. "
        + " ".join(
            f"{name}: from {values[0]:.3g} to {values[-1]:.3g} in {len(values)} steps."
            for name, values in curves.items()
        ),
    )


def show(figure: Figure, alt: str | None = None) -> None:
    """Display a figure in the notebook with its alternative text; outside one, print that text.

    Args:
        figure: any matplotlib figure.
        alt: what the picture shows, for those who do not see it; by default the figure's label.

    Raises:
        ValueError: there is neither ``alt`` nor a label.
    """
    from IPython.display import display  # here, since grading draws nothing

    text = alt or str(figure.get_label())
    if not text:
        raise ValueError("say what the figure shows: show(figure, alt=...)")
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=figure.dpi)
    display(_Displayed(png.getvalue(), text))


@dataclass(frozen=True)
class _Displayed:
    """A picture as a notebook renders it: an <img> with alternative text."""

    png: bytes
    alt: str

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png).decode("ascii")
        return (
            f'<img src="data:image/png;base64,{data}" alt="{html.escape(self.alt)}" '
            'style="max-width: 100%">'
        )


# Rows of thumbnails, as strips and galleries have them: distances between left and upper edges.
COLUMN = THUMBNAIL + THUMBNAIL // 8
ROW = THUMBNAIL + THUMBNAIL // 3


def _gallery(
    rows: Sequence[Sequence[Picture]], captions: Sequence[Sequence[str]]
) -> tuple[Figure, Axes]:
    """Rows of images with a caption below each; rows are numbered from 1."""
    columns = len(rows[0])
    canvas = _canvas(len(rows) * ROW, columns * COLUMN)
    figure, axes = _figure(canvas.shape[1] / 70 + 0.8, canvas.shape[0] / 70 + 0.9)
    for r, (images, texts) in enumerate(zip(rows, captions, strict=True)):
        for c, (image, text) in enumerate(zip(images, texts, strict=True)):
            _paste(canvas, image, r * ROW, c * COLUMN)
            axes.text(
                c * COLUMN + THUMBNAIL / 2,
                r * ROW + THUMBNAIL + 2,
                text,
                ha="center",
                va="top",
                fontsize=8,
            )
    _draw(canvas, axes)
    axes.set_yticks(
        [r * ROW + THUMBNAIL / 2 for r in range(len(rows))], [str(r + 1) for r in range(len(rows))]
    )
    axes.xaxis.tick_top()
    return figure, axes


def _column_centres(columns: int) -> list[float]:
    return [c * COLUMN + THUMBNAIL / 2 for c in range(columns)]


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    # Not by pyplot: it would keep every figure alive and draw it a second time in a notebook.
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    return figure, axes


def _finish(figure: Figure, title: str, alt: str) -> Figure:
    figure.suptitle(title)
    figure.set_label(f"{title}. {alt}")
    return figure


def _canvas(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 255, dtype=np.uint8)


def _draw(canvas: np.ndarray, axes: Axes) -> None:
    axes.imshow(canvas)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _paste(canvas: np.ndarray, image: Picture, top: int, left: int) -> None:
    canvas[top : top + THUMBNAIL, left : left + THUMBNAIL] = _thumbnail(image)


def _thumbnail(image: Picture) -> np.ndarray:
    """``(THUMBNAIL, THUMBNAIL, 3)`` uint8 pixels of an image of any accepted kind."""
    if not isinstance(image, Image.Image):
        pixels = _plain(image)
        if pixels.ndim == 3 and pixels.shape[0] == 3 and pixels.shape[2] != 3:
            pixels = pixels.transpose(1, 2, 0)
        if pixels.dtype != np.uint8:
            pixels = (pixels.clip(0, 1) * 255).round().astype(np.uint8)
        image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.convert("RGB").resize((THUMBNAIL, THUMBNAIL)))


def _plain(values: Any) -> np.ndarray:
    """A NumPy array of a tensor (of any device, with or without graph), an array or a list."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values)


def _in_order(ids: np.ndarray) -> list[int]:
    """The different ids, by first appearance."""
    return list(dict.fromkeys(ids.tolist()))


def _named(identifier: int, names: Mapping[int, str] | None) -> str:
    return str((names or {}).get(int(identifier), int(identifier)))


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():.2f}" if values.size else "not defined"
