"""Clamps the cosine first, then doubles 1 - cos."""

import torch



def squared_distances_from_cosine(similarities):
    return 2 * (1 - similarities.clamp(-1, 1))
