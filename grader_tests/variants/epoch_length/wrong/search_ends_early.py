"""Searches up to the largest possible number, without it.

Diagnosis: look at the ends of your search
"""

def epoch_length(chunk_counts, n_categories):
    best = 0
    for k in range(1, sum(chunk_counts) // n_categories):
        if sum(min(c, k) for c in chunk_counts) >= n_categories * k:
            best = k
    return best
