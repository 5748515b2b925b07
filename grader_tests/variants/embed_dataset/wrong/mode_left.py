"""Never goes back to training mode.

Diagnosis: leaves the model in another mode than it came in
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
    return torch.cat(rows), torch.cat(ids)
