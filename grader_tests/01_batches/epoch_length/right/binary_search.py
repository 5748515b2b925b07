"""Finds the largest possible K by bisection."""

import numpy as np


def epoch_length(chunk_counts, n_categories):
    chunks = np.asarray(chunk_counts)
    low, high = 0, int(chunks.sum()) // n_categories
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(chunks, middle).sum() >= n_categories * middle:
            low = middle
        else:
            high = middle - 1
    return low
