"""Plays the epoch with the first categories that have a chunk left.

Diagnosis: takes the first categories that still have a chunk
"""

def epoch_length(chunk_counts, n_categories):
    left = [int(c) for c in chunk_counts]
    batches = 0
    while True:
        chosen = [i for i, c in enumerate(left) if c > 0][:n_categories]
        if len(chosen) < n_categories:
            return batches
        for i in chosen:
            left[i] -= 1
        batches += 1
