"""Returns positions where labels are asked.

Diagnosis: the labels should be
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
                rows.append(model(images))
                ids.append(labels)
    finally:
        model.train(was_training)
    return torch.cat(rows), torch.arange(len(dataset))
