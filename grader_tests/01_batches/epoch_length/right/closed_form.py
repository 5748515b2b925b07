"""Takes the least of the bounds for each number of large categories set aside; a NumPy integer."""

import numpy as np


def epoch_length(chunk_counts, n_categories):
    # With the j largest categories in every batch, the others must fill n - j places.
    chunks = np.sort(np.asarray(chunk_counts, dtype=np.int64))[::-1]
    bounds = [chunks[j:].sum() // (n_categories - j) for j in range(n_categories)]
    return min(bounds)
