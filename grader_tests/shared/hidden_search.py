"""Searches drawn for the hidden tests of top_k_accuracy and neighbor_recall."""

import torch


def drawn_search(
    draw: torch.Generator, queries: int = 40, items: int = 60, products: int = 12
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return embeddings around their product's centre, and labels; a few products have no item."""
    centres = torch.randn(products, 8, generator=draw)
    query_labels = torch.randint(products, (queries,), generator=draw)
    item_labels = torch.randint(products - 2, (items,), generator=draw)
    q, r = (
        torch.nn.functional.normalize(
            centres[labels] + 0.9 * torch.randn(len(labels), 8, generator=draw)
        )
        for labels in (query_labels, item_labels)
    )
    ids = 50 * torch.randperm(products, generator=draw) + 3
    return q, ids[query_labels], r, ids[item_labels]
