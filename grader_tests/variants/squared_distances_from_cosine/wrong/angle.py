"""Returns the angle.

Diagnosis: measures the angle (arc), not the straight line
"""

import torch



def squared_distances_from_cosine(similarities):
    return torch.arccos(similarities.clamp(-1, 1))
