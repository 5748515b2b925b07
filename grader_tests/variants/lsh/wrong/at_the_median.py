"""Each bit is cut where half of the features lie on either side.

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
        self.directions_ = torch.randn(d, self.n_bits, generator=torch.Generator().manual_seed(self.seed)).to(features)
        self.cut = (centred @ self.directions_).median(dim=0).values
        return self

    def _project(self, centred):
        return centred @ self.directions_ - self.cut
