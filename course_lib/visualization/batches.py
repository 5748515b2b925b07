"""Pictures of a batch: its images, and the distances within it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from course_lib.validation import Ids
from course_lib.visualization.drawing import (
    THUMBNAIL,
    Picture,
    blank_canvas,
    draw_canvas,
    finished,
    in_order,
    named,
    new_figure,
    paste,
    plain,
)


def batch_montage(
    images: Sequence[Picture],
    category_ids: Ids,
    product_ids: Ids,
    *,
    category_names: Mapping[int, str] | None = None,
    product_names: Mapping[int, str] | None = None,
    title: str = "A batch, by category and product",
) -> Figure:
    """Draw the images of a batch: a row for each category, in it a block for each product.

    Args:
        images: N images, in any order.
        category_ids: ``(N,)`` integers.
        product_ids: ``(N,)`` integers.
        category_names: names to show; ids where it has none.
        product_names: names to show; ids where it has none.
        title: title of the figure.

    Raises:
        ValueError: there are no images, or not as many ids as images.

    Example:
        >>> images = np.random.rand(4, 64, 64, 3)
        >>> figure = batch_montage(images, category_ids=[0, 0, 1, 1], product_ids=[5, 5, 8, 9])
        >>> print(figure.get_label())
        A batch, by category and product. Montage of 4 images in 2 rows, one for each category. 0: 2
        of 5. 1: 1 of 8, 1 of 9.
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
            for product in in_order(products[categories == category])
        }
        for category in in_order(categories)
    }
    gap = THUMBNAIL // 4
    row_height = THUMBNAIL + 2 * gap
    row_widths = [
        sum(len(block) * THUMBNAIL + gap for block in row.values()) - gap for row in layout.values()
    ]
    canvas = blank_canvas(len(layout) * row_height, max(row_widths, default=1))
    figure, axes = new_figure(canvas.shape[1] / 85 + 1.2, canvas.shape[0] / 85 + 0.9)
    for row, blocks in enumerate(layout.values()):
        top, left = row * row_height + 2 * gap, 0
        for product, members in blocks.items():
            axes.text(
                left,
                top - 4,
                named(product, product_names),
                fontsize=8,
                va="bottom",
            )
            for member in members.tolist():
                paste(canvas, images[member], top, left)
                left += THUMBNAIL
            left += gap
    draw_canvas(canvas, axes)
    axes.set_xticks([])
    axes.set_yticks(
        [row * row_height + 2 * gap + THUMBNAIL / 2 for row in range(len(layout))],
        [named(category, category_names) for category in layout],
    )
    axes.set_ylabel("category")
    axes.set_xlabel("images, in one block for each product")
    return finished(
        figure,
        title,
        f"Montage of {len(images)} images in {len(layout)} rows, one for each category. "
        + " ".join(
            f"{named(category, category_names)}: "
            + ", ".join(
                f"{len(members)} of {named(product, product_names)}"
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
    """Draw all distances of a batch as a heat map; lines separate the products.

    Args:
        distances: ``(B, B)`` squared distances.
        labels: ``(B,)`` integers; equal ones must be neighbours, as the sampler yields them.
        names: names of the labels to show; ids where it has none.
        title: title of the figure.

    Raises:
        ValueError: ``distances`` is not ``(B, B)`` for B labels.

    Example:
        >>> distances = [[0, 1, 4], [1, 0, 3], [4, 3, 0]]
        >>> figure = distance_heat_map(distances, labels=[7, 7, 8])
        >>> print(figure.get_label())
        Squared distances within a batch. Squared distances between 3 images of 2 products. Mean
        within a product 1.00, between products 3.50.
    """
    matrix, groups = plain(distances), np.asarray(labels)
    if matrix.shape != (len(groups), len(groups)):
        raise ValueError(f"{len(groups)} labels need as many rows and columns, got {matrix.shape}")
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    centres = (starts + np.r_[starts[1:], len(groups)] - 1) / 2
    figure, axes = new_figure(6.4, 5.4)
    picture = axes.imshow(matrix, cmap="viridis")
    for start in starts[1:]:
        axes.axhline(start - 0.5, color="white", linewidth=0.8)
        axes.axvline(start - 0.5, color="white", linewidth=0.8)
    ticks = [named(groups[start], names) for start in starts]
    axes.set_xticks(centres, ticks, rotation=90, fontsize=8)
    axes.set_yticks(centres, ticks, fontsize=8)
    axes.set_xlabel("image, by product")
    axes.set_ylabel("image, by product")
    figure.colorbar(picture, ax=axes, label="squared distance (dark: near)")
    same = groups[:, None] == groups[None, :]
    other_images = same & ~np.eye(len(groups), dtype=bool)
    return finished(
        figure,
        title,
        f"Squared distances between {len(groups)} images of {len(starts)} products. "
        f"Mean within a product {mean_text(matrix[other_images])}, "
        f"between products {mean_text(matrix[~same])}.",
    )


def mean_text(values: np.ndarray) -> str:
    """Return the mean of values in words, with two decimals.

    Example:
        >>> mean_text(np.array([1.0, 2.0])), mean_text(np.array([]))
        ('1.50', 'not defined')
    """
    return f"{values.mean():.2f}" if values.size else "not defined"
