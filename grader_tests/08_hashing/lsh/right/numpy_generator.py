"""NumPy's generator."""

import numpy as np
import torch

from course_lib.hashing import Hasher


class LSH(Hasher):
    def __init__(self, n_bits=32, *, seed=0):
        self.n_bits = n_bits
        self.seed = seed

    def fit(self, features, y=None):
        self._centre(features)
        rng = np.random.default_rng(self.seed)
        normals = rng.standard_normal((features.shape[1], self.n_bits))
        self.normals = torch.from_numpy(normals).to(features.dtype)
        return self

    def _project(self, centred):
        return torch.mm(centred, self.normals)
