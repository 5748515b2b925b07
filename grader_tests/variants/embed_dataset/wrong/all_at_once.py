"""Everything in one batch.

Diagnosis: ignores the batch size
"""

import torch
from torch.utils.data import DataLoader


def embed_dataset(model, dataset, batch_size=256):
    was_training = model.training
    model.eval()
    rows, ids = [], []
    try:
        with torch.no_grad():
            for images, labels in DataLoader(dataset, len(dataset)):
                rows.append(model(images))
                ids.append(labels)
    finally:
        model.train(was_training)
    return torch.cat(rows), torch.cat(ids)
