"""Takes the square root.

Diagnosis: returns distances, not squared distances
"""

import torch



def squared_distances_from_cosine(similarities):
    return (2 - 2 * similarities).clamp(0, 4).sqrt()
