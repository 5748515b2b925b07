"""Lets the n largest categories fill every batch.

Diagnosis: lets the same n_categories categories fill every batch
"""

def epoch_length(chunk_counts, n_categories):
    if len(chunk_counts) < n_categories:
        return 0
    return int(sorted(chunk_counts, reverse=True)[n_categories - 1])
