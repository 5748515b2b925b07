"""Hidden tests of lsh."""

from __future__ import annotations

import torch

from autograder.testing import Submission, graded, hidden_tests
from grader_tests.shared.lsh import MANY, expect_shares, fitted, shares, transformed


@hidden_tests("lsh")
class TestLSHHidden:
    """Drawn features."""

    @graded(1, "drawn features of either precision, wide and narrow")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        for width, dtype in ((3, torch.float64), (40, torch.float32)):
            features = torch.randn(6, width, generator=draw, dtype=torch.float64)
            features += 3 * torch.randn(width, generator=draw, dtype=torch.float64)
            centred = features - features.mean(dim=0)
            angles = torch.acos(torch.cosine_similarity(centred[0::2], centred[1::2]))
            seed = int(torch.randint(1000, (), generator=draw))
            hasher = fitted(submission, features.to(dtype), n_bits=MANY, seed=seed)
            pairs = torch.cat([features, features]).to(dtype)  # shares() looks at the first half
            codes = transformed(hasher, pairs, MANY)
            expect_shares(shares(codes), angles.tolist(), f"in {width} dimensions, seen from the "
                          "mean of drawn features,")  # fmt: skip
