"""Shared parts of the pictures: figures, canvases of thumbnails, plain arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

Picture = Any
"""A PIL image, an ``(H, W, 3)`` array, or a ``(3, H, W)`` tensor; uint8, or floats in [0, 1]."""

THUMBNAIL = 64  # side of a thumbnail in pixels


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure of a size in inches, and its axes.

    Example:
        >>> figure, axes = new_figure(6.4, 4.8)
        >>> figure.get_size_inches()
        array([6.4, 4.8])
    """
    # Not by pyplot: it would keep every figure alive and draw it a second time in a notebook.
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    return figure, axes


def finished(figure: Figure, title: str, alt: str) -> Figure:
    """Give a figure its title and its alternative text.

    Example:
        >>> figure, axes = new_figure(6.4, 4.8)
        >>> finished(figure, "A batch", "Two images.").get_label()
        'A batch. Two images.'
    """
    figure.suptitle(title)
    figure.set_label(f"{title}. {alt}")
    return figure


def blank_canvas(height: int, width: int) -> np.ndarray:
    """Make a white canvas: ``(height, width, 3)`` uint8.

    Example:
        >>> blank_canvas(2, 1).tolist()
        [[[255, 255, 255]], [[255, 255, 255]]]
    """
    return np.full((height, width, 3), 255, dtype=np.uint8)


def draw_canvas(canvas: np.ndarray, axes: Axes) -> None:
    """Show a canvas in axes, without frame and ticks.

    Example:
        >>> figure, axes = new_figure(6.4, 4.8)
        >>> draw_canvas(blank_canvas(64, 128), axes)
        >>> axes.get_images()[0].get_size()
        (64, 128)
    """
    axes.imshow(canvas)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def paste(canvas: np.ndarray, image: Picture, top: int, left: int) -> None:
    """Paste the thumbnail of an image into a canvas, in place.

    Example:
        >>> canvas = blank_canvas(64, 128)
        >>> paste(canvas, Image.new("RGB", (8, 8), "black"), top=0, left=64)
        >>> canvas[0, 63].tolist(), canvas[0, 64].tolist()
        ([255, 255, 255], [0, 0, 0])
    """
    canvas[top : top + THUMBNAIL, left : left + THUMBNAIL] = thumbnail(image)


def thumbnail(image: Picture) -> np.ndarray:
    """Return the ``(64, 64, 3)`` uint8 pixels of the thumbnail of an image of any kind.

    Example:
        >>> thumbnail(np.zeros((3, 8, 8))).shape
        (64, 64, 3)
    """
    if not isinstance(image, Image.Image):
        pixels = plain(image)
        if pixels.ndim == 3 and pixels.shape[0] == 3 and pixels.shape[2] != 3:
            pixels = pixels.transpose(1, 2, 0)
        if pixels.dtype != np.uint8:
            pixels = (pixels.clip(0, 1) * 255).round().astype(np.uint8)
        image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.convert("RGB").resize((THUMBNAIL, THUMBNAIL)))


def plain(values: Any) -> np.ndarray:
    """Return a NumPy array of a tensor (any device, with or without graph), an array or a list.

    Example:
        >>> import torch
        >>> plain(torch.ones(2, requires_grad=True))
        array([1., 1.], dtype=float32)
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values)


def in_order(ids: np.ndarray) -> list[int]:
    """List the different ids, by first appearance.

    Example:
        >>> in_order(np.array([7, 3, 7, 5]))
        [7, 3, 5]
    """
    return list(dict.fromkeys(ids.tolist()))


def named(identifier: int, names: Mapping[int, str] | None) -> str:
    """Return the name of an id, or the id itself where it has no name.

    Example:
        >>> named(3, {3: "robin"}), named(4, {3: "robin"})
        ('robin', '4')
    """
    return str((names or {}).get(int(identifier), int(identifier)))


# Rows of thumbnails, as strips and galleries have them: distances between left and upper edges.
COLUMN = THUMBNAIL + THUMBNAIL // 8
ROW = THUMBNAIL + THUMBNAIL // 3


def image_rows(
    rows: Sequence[Sequence[Picture]], captions: Sequence[Sequence[str]]
) -> tuple[Figure, Axes]:
    """Draw rows of images with a caption below each; rows are numbered from 1.

    Example:
        >>> picture = Image.new("RGB", (64, 64))
        >>> figure, axes = image_rows([[picture, picture]], [["anchor", "positive"]])
        >>> [text.get_text() for text in axes.texts]
        ['anchor', 'positive']
    """
    columns = len(rows[0])
    canvas = blank_canvas(len(rows) * ROW, columns * COLUMN)
    figure, axes = new_figure(canvas.shape[1] / 70 + 0.8, canvas.shape[0] / 70 + 0.9)
    for r, (images, texts) in enumerate(zip(rows, captions, strict=True)):
        for c, (image, text) in enumerate(zip(images, texts, strict=True)):
            paste(canvas, image, r * ROW, c * COLUMN)
            axes.text(
                c * COLUMN + THUMBNAIL / 2,
                r * ROW + THUMBNAIL + 2,
                text,
                ha="center",
                va="top",
                fontsize=8,
            )
    draw_canvas(canvas, axes)
    axes.set_yticks(
        [r * ROW + THUMBNAIL / 2 for r in range(len(rows))], [str(r + 1) for r in range(len(rows))]
    )
    axes.xaxis.tick_top()
    return figure, axes


def column_centres(columns: int) -> list[float]:
    """Return the middle of each column of :func:`image_rows`, in pixels.

    Example:
        >>> column_centres(3)
        [32.0, 104.0, 176.0]
    """
    return [c * COLUMN + THUMBNAIL / 2 for c in range(columns)]
