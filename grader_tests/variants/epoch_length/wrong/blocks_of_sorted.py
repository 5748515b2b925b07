"""Cuts the sorted categories into fixed groups of n.

Diagnosis: cuts the categories into fixed groups of n_categories
"""

def epoch_length(chunk_counts, n_categories):
    q = sorted((int(c) for c in chunk_counts), reverse=True)
    groups = [q[i : i + n_categories] for i in range(0, len(q), n_categories)]
    return sum(min(group) for group in groups if len(group) == n_categories)
