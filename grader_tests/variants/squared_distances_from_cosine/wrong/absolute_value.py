"""Makes rounding errors positive with abs.

Diagnosis: turns a negative rounding error into a positive distance with abs()
"""

import torch



def squared_distances_from_cosine(similarities):
    return (2 - 2 * similarities).abs().clamp_max(4)
