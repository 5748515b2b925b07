import numpy as np
import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d, ids = distances.numpy(), labels.numpy()
    a, p = (index.numpy() for index in anchor_positive_pairs(labels))
    loss = d[a, p][:, None] - d[a] + np.float32(margin)
    mask = (ids[a][:, None] != ids) & (loss > 0) & (loss < np.float32(margin))
    noise = torch.rand(mask.shape, generator=generator).numpy()
    n = np.where(mask, noise, -1).argmax(1)
    keep = mask.any(1)
    return tuple(torch.from_numpy(index[keep]) for index in (a, p, n))
