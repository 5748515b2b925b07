"""A row for each hyperplane."""

import torch

from course_lib.hashing import Hasher


class LSH(Hasher):
    def __init__(self, n_bits=32, *, seed=0):
        self.n_bits = n_bits
        self.seed = seed

    def fit(self, features, y=None):
        centred = self._centre(features)
        d = centred.shape[1]
        self.directions_ = torch.randn(self.n_bits, d, generator=torch.Generator().manual_seed(self.seed)).to(features)
        return self

    def _project(self, centred):
        return centred @ self.directions_.T
