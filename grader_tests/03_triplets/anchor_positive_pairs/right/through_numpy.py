"""NumPy's comparison table and its indices, turned back into tensors."""

import numpy as np
import torch


def anchor_positive_pairs(labels):
    ids = labels.cpu().numpy()
    table = np.equal.outer(ids, ids)
    np.fill_diagonal(table, False)
    rows, columns = np.nonzero(table)
    return [torch.from_numpy(rows).to(labels.device), torch.from_numpy(columns).to(labels.device)]
