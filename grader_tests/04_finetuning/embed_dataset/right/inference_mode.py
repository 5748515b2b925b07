"""Under torch.inference_mode(), which is stricter still."""

import torch
from torch.utils.data import DataLoader


def embed_dataset(model, dataset, batch_size=256):
    was_training = model.training
    model.eval()
    rows, ids = [], []
    try:
        with torch.inference_mode():
            for images, labels in DataLoader(dataset, batch_size):
                rows.append(model(images).clone().cpu())
                ids.extend(labels.tolist())
    finally:
        model.train(was_training)
    return torch.cat(rows), torch.tensor(ids)
