"""The mean is taken off in _project, too.

Diagnosis: takes the mean off twice
"""

import torch

from course_lib.hashing import Hasher


class LSH(Hasher):
    def __init__(self, n_bits=32, *, seed=0):
        self.n_bits = n_bits
        self.seed = seed

    def fit(self, features, y=None):
        centred = self._centre(features)
        generator = torch.Generator().manual_seed(self.seed)
        self.directions_ = torch.randn(centred.shape[1], self.n_bits, generator=generator).to(features)
        return self

    def _project(self, centred):
        return (centred - self.mean_) @ self.directions_
