"""t-SNE: embeddings as points of a plane.

Source: van der Maaten & Hinton, "Visualizing Data using t-SNE", JMLR 2008.
"""

from typing import Any

import numpy as np

from course_lib.validation import require_integers, require_positive
from course_lib.visualization.drawing import plain

MAX_POINTS = 5000  # more take minutes, and nobody tells them apart
COMPONENTS = 50  # of the PCA that comes first, as the paper does


def tsne(embeddings: Any, *, perplexity: float = 30.0, seed: int = 0) -> np.ndarray:
    """Return points of a plane, near each other where the embeddings are.

    Look at who is beside whom, and at nothing else: t-SNE keeps neighbourhoods. The distance
    between two clusters, their sizes and the axes carry no meaning.

    Args:
        embeddings: ``(N, D)``, N >= 4, D >= 2: a tensor or an array.
        perplexity: about how many neighbours a point has. Small sets cannot have many: at most
            (N − 1) / 3 is used.
        seed: seed of the start; the same seed, library and machine give the same points.

    Returns:
        ``(N, 2)`` float32.

    Raises:
        TypeError, ValueError: wrong shape, values that are not finite, more than 5000 rows, or all
            rows equal, as a collapsed network leaves them.

    Example:
        >>> embeddings = np.random.default_rng(0).normal(size=(20, 8))
        >>> tsne(embeddings).shape
        (20, 2)
    """
    from sklearn.decomposition import PCA  # here, since they take a second to import
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    rows = np.asarray(plain(embeddings), dtype=np.float64)
    require_positive(perplexity=perplexity)
    require_integers(0, seed=seed)
    if rows.ndim != 2 or len(rows) < 4 or rows.shape[1] < 2:
        raise ValueError(
            f"embeddings must have shape (N, D), N at least 4, D at least 2, got {rows.shape}"
        )
    if len(rows) > MAX_POINTS:
        raise ValueError(f"{len(rows)} points are too many for t-SNE; take up to {MAX_POINTS}")
    if not np.isfinite(rows).all():
        raise ValueError("embeddings hold NaN or infinity")
    if (rows == rows[0]).all():
        raise ValueError("all embeddings are equal: the network has collapsed to one point")
    if rows.shape[1] > COMPONENTS and len(rows) > COMPONENTS:
        rows = PCA(COMPONENTS, random_state=seed).fit_transform(rows)
    model = TSNE(
        init="pca",
        learning_rate="auto",
        perplexity=min(perplexity, (len(rows) - 1) / 3),
        random_state=seed,
    )
    # One thread: on a few hundred points more of them mostly wait for each other, on a busy machine
    # for minutes; and sums in one order give the same points again.
    with threadpool_limits(1):
        return model.fit_transform(rows.astype(np.float32))
