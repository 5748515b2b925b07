"""Without what the base class offers; normals of length 1."""

import torch

from course_lib.hashing import Hasher


class LSH(Hasher):
    def __init__(self, n_bits=32, *, seed=0):
        self.n_bits = n_bits
        self.seed = seed

    def fit(self, features, y=None):
        self.mean_ = features.mean(dim=0, keepdim=True)
        g = torch.Generator()
        g.manual_seed(1000 + self.seed)
        normals = torch.empty(features.shape[1], self.n_bits, dtype=torch.float64).normal_(generator=g)
        self.normals = torch.nn.functional.normalize(normals, dim=0)
        return self

    def transform(self, features):
        sides = (features.double() - self.mean_.double()) @ self.normals >= 0
        return torch.where(sides, 1.0, -1.0).to(features.dtype)
