"""Raises where no batch is possible.

Diagnosis: raises an exception where the answer is 0
"""

import numpy as np


def epoch_length(chunk_counts, n_categories):
    chunks = np.asarray(chunk_counts)
    if np.count_nonzero(chunks) < n_categories:
        raise ValueError("not enough categories")
    k = int(chunks.sum()) // n_categories
    while int(np.minimum(chunks, k).sum()) // n_categories < k:
        k = int(np.minimum(chunks, k).sum()) // n_categories
    return k
