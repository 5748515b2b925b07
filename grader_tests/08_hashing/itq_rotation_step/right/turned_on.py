"""The best turn of the rotated rows, after the rotation."""

import torch


def itq_rotation_step(projected, rotation):
    turned = projected @ rotation
    codes = torch.ones_like(turned).masked_fill(turned < 0, -1)
    u, _, vh = torch.linalg.svd(turned.T @ codes)
    return rotation @ (u @ vh)
