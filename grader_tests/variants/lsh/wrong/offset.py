"""Hyperplanes with a random offset, as in hashing for Euclidean distances.

Diagnosis: A hyperplane separates two vectors
"""

import torch

from course_lib.hashing import Hasher


class LSH(Hasher):
    def __init__(self, n_bits=32, *, seed=0):
        self.n_bits = n_bits
        self.seed = seed

    def fit(self, features, y=None):
        centred = self._centre(features)
        d = centred.shape[1]
        generator = torch.Generator().manual_seed(self.seed)
        self.directions_ = torch.randn(d, self.n_bits, generator=generator).to(features)
        self.offset = torch.randn(self.n_bits, generator=generator).to(features)
        return self

    def _project(self, centred):
        return centred @ self.directions_ + self.offset
