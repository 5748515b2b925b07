"""Counts with torch.unique and filters twice."""

import torch


def eligible_products(category_ids, product_ids, *, n_products, n_images):
    pairs = torch.stack([torch.as_tensor(category_ids), torch.as_tensor(product_ids)]).long()
    pairs, counts = torch.unique(pairs, dim=1, return_counts=True)
    pairs = pairs[:, counts >= n_images]
    categories, sizes = torch.unique(pairs[0], return_counts=True)
    return {
        category: pairs[1, pairs[0] == category].numpy()
        for category in categories[sizes >= n_products].tolist()
    }
