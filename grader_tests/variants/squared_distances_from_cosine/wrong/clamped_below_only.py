"""Clamps at 0 but not at 4.

Diagnosis: lets rounding push a squared distance out of [0, 4]
"""

import torch



def squared_distances_from_cosine(similarities):
    return (2 - 2 * similarities).clamp_min(0)
