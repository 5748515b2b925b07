"""Rows of images: triplets, and queries with what was retrieved."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.visualization.drawing import (
    COLUMN,
    ROW,
    THUMBNAIL,
    Picture,
    column_centres,
    finished,
    image_rows,
    plain,
)

HIT, MISS = "#0b6e4f", "#b3261e"  # differ in lightness, too


def triplet_strips(
    anchors: Sequence[Picture],
    positives: Sequence[Picture],
    negatives: Sequence[Picture],
    to_positive: Any,
    to_negative: Any,
    *,
    title: str = "Semi-hard triplets",
) -> Figure:
    """Draw triplets, one a row: anchor, positive, negative, with squared distances to the anchor.

    Args:
        anchors: T images, T >= 1.
        positives: T images of the anchors' products.
        negatives: T images of other products.
        to_positive: ``(T,)`` squared distances from anchor to positive.
        to_negative: ``(T,)`` squared distances from anchor to negative.
        title: title of the figure.

    Raises:
        ValueError: the lengths differ, or there is no triplet.

    Example:
        >>> import numpy as np
        >>> anchors, positives, negatives = np.random.rand(3, 2, 64, 64, 3)
        >>> figure = triplet_strips(anchors, positives, negatives, [0.2, 0.3], [0.3, 0.35])
        >>> print(figure.get_label())
        Semi-hard triplets. 2 triplets, one a row. Squared distances from the anchor to positive and
        negative: 0.20 and 0.30; 0.30 and 0.35
    """
    near, far = plain(to_positive), plain(to_negative)
    lengths = {len(anchors), len(positives), len(negatives), len(near), len(far)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            "a triplet needs an anchor, a positive, a negative and two distances; got "
            f"{len(anchors)}, {len(positives)}, {len(negatives)}, {len(near)} and {len(far)}"
        )
    rows = list(zip(anchors, positives, negatives, strict=True))
    captions = [["", f"d² = {p:.2f}", f"d² = {n:.2f}"] for p, n in zip(near, far, strict=True)]
    figure, axes = image_rows(rows, captions)
    axes.set_xticks(column_centres(3), ["anchor", "positive", "negative"])
    axes.set_xlabel("squared distance to the anchor below each image")
    axes.set_ylabel("triplet")
    return finished(
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
    same: str = "product",
    measure: str = "squared distance",
    title: str = "Nearest images of the retrieval set",
) -> Figure:
    """Draw queries, one a row, and what was retrieved, nearest first; hits and misses are marked.

    Args:
        queries: Q images, Q >= 1.
        retrieved: for each query its k nearest images.
        hits: ``(Q, k)`` bools: does the retrieved image show the query's product?
        same: what a hit shares with its query.
        distances: ``(Q, k)`` of any measure; integers are shown without decimals.
        measure: what the distances are.
        title: title of the figure.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> queries, retrieved = np.random.rand(1, 64, 64, 3), np.random.rand(1, 3, 64, 64, 3)
        >>> figure = retrieval_gallery(queries, retrieved, [[True, False, True]], [[0.1, 0.2, 0.4]])
        >>> print(figure.get_label())
        Nearest images of the retrieval set. 1 queries, one a row, each with its 3 nearest images.
        Hits among them: 2 of 3.
    """
    found, far = plain(hits).astype(bool), plain(distances)
    k = len(retrieved[0]) if len(retrieved) else 0
    shape = (len(queries), k)
    if 0 in shape or found.shape != shape or far.shape != shape or len(retrieved) != shape[0]:
        raise ValueError(
            f"{len(queries)} queries need as many rows of equally many retrieved images, hits and "
            f"distances; got {len(retrieved)} rows of {k} images, hits {found.shape}, "
            f"distances {far.shape}"
        )
    digits = 2 if far.dtype.kind == "f" else 0
    rows = [(query, *images) for query, images in zip(queries, retrieved, strict=True)]
    captions = [
        ["", *(f"{'✓' if hit else '✗'}  {d:.{digits}f}" for hit, d in zip(*row, strict=True))]
        for row in zip(found, far, strict=True)
    ]
    figure, axes = image_rows(rows, captions)
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
    axes.set_xticks(column_centres(k + 1), ["query", *map(str, range(1, k + 1))])
    axes.set_xlabel(f"rank   (✓ solid frame: same {same}, ✗ dashed: another; {measure})")
    axes.set_ylabel("query")
    return finished(
        figure,
        title,
        f"{len(rows)} queries, one a row, each with its {k} nearest images. Hits among them: "
        + ", ".join(f"{int(row.sum())} of {k}" for row in found)
        + ".",
    )
