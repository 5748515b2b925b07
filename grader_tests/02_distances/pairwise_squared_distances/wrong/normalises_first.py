import torch
import torch.nn.functional as F


def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    return (2 - 2 * F.normalize(x) @ F.normalize(y).T).clamp_min(0)
