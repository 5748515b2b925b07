"""Rows are written into tensors that are made once; batches by hand."""

import torch


def embed_dataset(model, dataset, batch_size=256):
    count = len(dataset)
    device = next(model.parameters()).device
    labels = torch.empty(count, dtype=torch.int64)
    embeddings = None
    mode = model.training
    try:
        model.eval()
        for start in range(0, count, batch_size):
            items = [dataset[i] for i in range(start, min(start + batch_size, count))]
            images = torch.stack([image for image, _ in items]).to(device)
            with torch.no_grad():
                rows = model(images).cpu()
            if embeddings is None:
                embeddings = torch.empty(count, rows.shape[1])
            embeddings[start : start + len(rows)] = rows
            labels[start : start + len(rows)] = torch.tensor([label for _, label in items])
    finally:
        model.train(mode)
    return embeddings, labels
