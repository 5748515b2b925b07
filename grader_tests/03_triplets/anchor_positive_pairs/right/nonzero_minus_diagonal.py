"""Comparison table without its diagonal, by an identity matrix."""

import torch


def anchor_positive_pairs(labels):
    table = labels.unsqueeze(1).eq(labels.unsqueeze(0))
    table = table & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    anchors, positives = torch.nonzero(table).T
    return anchors, positives
