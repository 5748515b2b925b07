"""Divides with a fraction left.

Diagnosis: gives a fraction of a batch
"""

import numpy as np


def epoch_length(chunk_counts, n_categories):
    chunks = np.asarray(chunk_counts)
    k = chunks.sum() / n_categories
    while np.minimum(chunks, k).sum() / n_categories < k - 1e-9:
        k = np.minimum(chunks, k).sum() / n_categories
    return k
