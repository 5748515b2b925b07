"""Switches gradients off and on again."""

import torch
from torch.utils.data import DataLoader


def embed_dataset(model, dataset, batch_size=256):
    had_gradients, was_training = torch.is_grad_enabled(), model.training
    torch.set_grad_enabled(False)
    model.train(False)
    found = []
    try:
        for images, labels in DataLoader(dataset, batch_size):
            found += zip(model(images), labels.long())
    finally:
        torch.set_grad_enabled(had_gradients)
        if was_training:
            model.train()
    return torch.stack([row for row, _ in found]), torch.stack([label for _, label in found])
