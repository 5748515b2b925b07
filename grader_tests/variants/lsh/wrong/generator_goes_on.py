"""The generator is seeded in fit, but drawn from in transform.

Diagnosis: draws in transform
"""

import torch

from course_lib.hashing import Hasher


class LSH(Hasher):
    def __init__(self, n_bits=32, *, seed=0):
        self.n_bits = n_bits
        self.seed = seed

    def fit(self, features, y=None):
        self._centre(features)
        self.generator = torch.Generator().manual_seed(self.seed)
        return self

    def _project(self, centred):
        drawn = torch.randn(centred.shape[1], self.n_bits, generator=self.generator)
        return centred @ drawn.to(centred)
