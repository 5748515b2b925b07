"""Decomposes VᵀB; in float64."""

import torch


def itq_rotation_step(projected, rotation):
    v, r = projected.double(), rotation.double()
    b = (v @ r >= 0).double() * 2 - 1
    w, _, ut = torch.linalg.svd(v.T @ b, full_matrices=False)
    return w.matmul(ut).to(projected.dtype)
