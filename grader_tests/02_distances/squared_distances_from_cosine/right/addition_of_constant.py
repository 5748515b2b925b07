"""Adds 2 to -2 cos, and clips."""

import torch



def squared_distances_from_cosine(similarities):
    return torch.clip(similarities.mul(-2).add(2), min=0.0, max=4.0)
