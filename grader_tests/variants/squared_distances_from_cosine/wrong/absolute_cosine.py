"""Ignores the direction.

Diagnosis: takes the absolute value of the cosine
"""

import torch



def squared_distances_from_cosine(similarities):
    return (2 - 2 * similarities.abs()).clamp(0, 4)
