"""Counts up while one more batch is possible."""

def epoch_length(chunk_counts, n_categories):
    batches = 0
    while sum(min(c, batches + 1) for c in chunk_counts) >= n_categories * (batches + 1):
        batches += 1
    return batches
