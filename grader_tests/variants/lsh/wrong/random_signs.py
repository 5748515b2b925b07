"""Directions of -1 and +1.

Diagnosis: draws directions of which some are likelier than others
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
        self.directions_ = (2 * torch.randint(2, (d, self.n_bits), generator=torch.Generator().manual_seed(self.seed)) - 1).to(features)
        return self

    def _project(self, centred):
        return centred @ self.directions_
