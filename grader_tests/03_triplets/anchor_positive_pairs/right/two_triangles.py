"""The pairs above the diagonal, then the same pairs the other way round."""

import torch


def anchor_positive_pairs(labels):
    i, j = torch.triu_indices(len(labels), len(labels), offset=1, device=labels.device)
    same = labels[i] == labels[j]
    i, j = i[same], j[same]
    return torch.cat([i, j]), torch.cat([j, i])
