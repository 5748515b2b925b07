"""Adds the squares of the two legs: (1 - cos)² + sin²."""

import torch



def squared_distances_from_cosine(similarities):
    cosine = similarities.double().clamp(-1, 1)
    return ((1 - cosine) ** 2 + (1 - cosine) * (1 + cosine)).to(similarities.dtype)
