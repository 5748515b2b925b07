import torch


@torch.no_grad()
def pairwise_squared_distances(x, y=None):
    own = y is None
    y = x if own else y
    d = (x.square().sum(1)[:, None] + y.square().sum(1)[None, :] - 2 * x @ y.T).clamp_min(0)
    return d.fill_diagonal_(0) if own else d
