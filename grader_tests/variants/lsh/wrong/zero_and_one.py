"""Sides as 0 and 1.

Diagnosis: codes should hold -1 and +1; they hold [0.0, 1.0]
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
        self.directions_ = torch.randn(d, self.n_bits, generator=torch.Generator().manual_seed(self.seed)).to(features)
        return self

    def _project(self, centred):
        return centred @ self.directions_

    def transform(self, features):
        return (self._project(features - self.mean_) >= 0).to(features.dtype)
