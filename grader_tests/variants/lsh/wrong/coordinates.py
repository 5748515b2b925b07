"""A bit looks at one coordinate, drawn at random.

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
        self.chosen = torch.randint(d, (self.n_bits,), generator=torch.Generator().manual_seed(self.seed))
        return self

    def _project(self, centred):
        return centred[:, self.chosen]
