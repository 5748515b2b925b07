"""The loss by its formula, distances by cdist, gradients through autograd.grad."""

import torch

from course_lib.training import TrainingStep


def training_step(model, optimizer, images, labels, *, margin=0.2, generator=None):
    e = model(images)
    squared = torch.cdist(e.detach(), e.detach()).square()
    a, p, n = semi_hard_triplets(squared, labels, margin, generator=generator)
    count = a.shape[0]
    if not count:
        return TrainingStep(loss=0.0, triplets=0)
    losses = ((e[a] - e[p]) ** 2).sum(1) - ((e[a] - e[n]) ** 2).sum(1) + margin
    loss = torch.relu(losses).sum() / count
    weights = [w for group in optimizer.param_groups for w in group["params"]]
    for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        weight.grad = slope
    optimizer.step()
    return TrainingStep(loss.item(), count)
