"""Other hyperplanes with every call.

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
        return self

    def _project(self, centred):
        return centred @ torch.randn(centred.shape[1], self.n_bits).to(centred)
