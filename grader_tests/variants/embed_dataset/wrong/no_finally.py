"""Restores the mode only if all goes well.

Diagnosis: leaves the model in evaluation mode when something goes wrong
"""

import torch
from torch.utils.data import DataLoader


def embed_dataset(model, dataset, batch_size=256):
    was_training = model.training
    model.eval()
    rows, ids = [], []
    with torch.no_grad():
        for images, labels in DataLoader(dataset, batch_size):
            rows.append(model(images))
            ids.append(labels)
    model.train(was_training)
    return torch.cat(rows), torch.cat(ids)
