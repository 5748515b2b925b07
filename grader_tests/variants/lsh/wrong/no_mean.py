"""fit draws, and does no more.

Diagnosis: keeps no mean of the features in fit
"""

import torch

from course_lib.hashing import Hasher


class LSH(Hasher):
    def __init__(self, n_bits=32, *, seed=0):
        self.n_bits = n_bits
        self.seed = seed

    def fit(self, features, y=None):
        drawn = torch.randn(features.shape[1], self.n_bits, generator=torch.Generator().manual_seed(self.seed))
        self.directions_ = drawn.to(features)
        return self

    def _project(self, centred):
        return centred @ self.directions_
