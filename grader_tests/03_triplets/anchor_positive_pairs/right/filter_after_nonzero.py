"""All pairs with equal labels first, the images with themselves removed afterwards."""

import torch


def anchor_positive_pairs(labels):
    anchors, positives = torch.where(labels[:, None] == labels[None, :])
    different = anchors != positives
    return anchors[different], positives[different]
