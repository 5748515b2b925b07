"""Returns the squared sine.

Diagnosis: squares the cosine
"""

import torch



def squared_distances_from_cosine(similarities):
    return 1 - similarities**2
