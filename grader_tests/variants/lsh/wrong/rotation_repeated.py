"""The columns of a random rotation, again and again.

Diagnosis: repeats bits
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
        q, _ = torch.linalg.qr(torch.randn(d, d, generator=torch.Generator().manual_seed(self.seed)))
        self.directions_ = q[:, torch.arange(self.n_bits) % d].to(features)
        return self

    def _project(self, centred):
        return centred @ self.directions_
