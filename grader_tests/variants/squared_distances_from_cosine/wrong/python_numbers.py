"""Goes through Python numbers and comes back in float32.

Diagnosis: computes float64 input in float32
"""

import torch



def squared_distances_from_cosine(similarities):
    flat = [min(max(2 - 2 * c, 0.0), 4.0) for c in similarities.flatten().tolist()]
    return torch.tensor(flat).reshape(similarities.shape)
