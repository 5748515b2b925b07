"""Trusts that the largest count comes first.

Diagnosis: depends on the order of the categories
"""

def epoch_length(chunk_counts, n_categories):
    bounds = [
        sum(chunk_counts[j:]) // (n_categories - j)
        for j in range(min(n_categories, len(chunk_counts)))
    ]
    return int(min(bounds)) if len(chunk_counts) >= n_categories else 0
