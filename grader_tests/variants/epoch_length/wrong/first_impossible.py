"""Returns the first number that is not possible.

Diagnosis: returns the first number of batches that is not possible
"""

def epoch_length(chunk_counts, n_categories):
    k = 1
    while sum(min(c, k) for c in chunk_counts) >= n_categories * k:
        k += 1
    return k
