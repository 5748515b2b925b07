"""Divides the number of categories.

Diagnosis: counts categories, not chunks
"""

def epoch_length(chunk_counts, n_categories):
    return sum(1 for c in chunk_counts if c > 0) // n_categories
