"""Returns inside the loop.

Diagnosis: returns one batch only
"""

import torch
from torch.utils.data import DataLoader


def embed_dataset(model, dataset, batch_size=256):
    was_training = model.training
    model.eval()
    rows, ids = [], []
    try:
        with torch.no_grad():
            for images, labels in DataLoader(dataset, batch_size):
                return model(images), labels
    finally:
        model.train(was_training)
    return torch.cat(rows), torch.cat(ids)
