"""The same numbers again."""

import random

import numpy as np
import pytest
import torch

from course_lib.reproducibility import seed_everything


class TestSeedEverything:
    def test_repeats_python_numpy_and_torch(self):
        def draw():
            return random.random(), np.random.rand(), torch.rand(1).item()

        seed_everything(11)
        first = draw()
        seed_everything(11)
        assert draw() == first
        seed_everything(12)
        assert draw() != first

    @pytest.mark.parametrize(
        ("seed", "error"), [(-1, ValueError), (2**32, ValueError), (1.5, TypeError)]
    )
    def test_refuses_what_numpy_cannot_take(self, seed, error):
        with pytest.raises(error, match="seed must"):
            seed_everything(seed)
