"""Plays the epoch with a heap: the fullest categories give a chunk each."""

import heapq


def epoch_length(chunk_counts, n_categories):
    heap = [-int(c) for c in chunk_counts if c > 0]
    heapq.heapify(heap)
    batches = 0
    while len(heap) >= n_categories:
        taken = [heapq.heappop(heap) + 1 for _ in range(n_categories)]
        for left in taken:
            if left < 0:
                heapq.heappush(heap, left)
        batches += 1
    return batches
