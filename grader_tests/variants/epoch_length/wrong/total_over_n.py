"""Divides all chunks by n_categories.

Diagnosis: divides the number of all chunks by n_categories
"""

def epoch_length(chunk_counts, n_categories):
    return int(sum(chunk_counts)) // n_categories
