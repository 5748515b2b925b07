"""Plays the epoch on the caller's own list.

Diagnosis: changes the counts that it was given
"""

def epoch_length(chunk_counts, n_categories):
    batches = 0
    if isinstance(chunk_counts, tuple):
        chunk_counts = list(chunk_counts)
    while True:
        order = sorted(range(len(chunk_counts)), key=lambda i: -chunk_counts[i])
        chosen = [i for i in order if chunk_counts[i] > 0][:n_categories]
        if len(chosen) < n_categories:
            return batches
        for i in chosen:
            chunk_counts[i] -= 1
        batches += 1
