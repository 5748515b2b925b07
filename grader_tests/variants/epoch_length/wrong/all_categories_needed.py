"""Lets every category take part in every batch.

Diagnosis: lets every category take part in every batch
"""

def epoch_length(chunk_counts, n_categories):
    if len(chunk_counts) < n_categories:
        return 0
    return int(min(chunk_counts))
