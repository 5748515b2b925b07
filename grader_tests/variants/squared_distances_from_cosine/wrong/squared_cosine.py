"""Squares the cosine, because squared distances are asked for.

Diagnosis: squares the cosine
"""

import torch



def squared_distances_from_cosine(similarities):
    return (2 - 2 * similarities**2).clamp(0, 4)
