"""Cuts off below with relu and above with minimum."""

import torch



def squared_distances_from_cosine(similarities):
    squared = torch.relu(torch.sub(2, similarities, alpha=2))
    return squared.minimum(torch.full_like(squared, 4))
