"""Wants a chunk to be left over after the last batch.

Diagnosis: asks for a chunk to be left over after the last batch
"""

def epoch_length(chunk_counts, n_categories):
    best = 0
    for k in range(1, sum(chunk_counts) + 1):
        if sum(min(c, k) for c in chunk_counts) > n_categories * k:
            best = k
    return best
