"""Stage one of two-stage hashing: codes from similarities alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.hashing import binarize, pairwise_codes
from course_lib.hashing.pairwise import _least, _roots


def similarities(labels):
    labels = torch.tensor(labels)
    return torch.where(labels[:, None] == labels, 1.0, -1.0)


class TestPairwiseCodes:
    def test_two_classes_get_opposite_codes(self):
        s = similarities([0, 1, 0, 1, 1])
        relaxed, objectives = pairwise_codes(s, 6, n_sweeps=10)
        codes = binarize(relaxed)
        assert torch.equal(codes @ codes.T / 6, s.double())
        assert objectives[-1] == pytest.approx(0, abs=1e-6)

    @pytest.mark.parametrize("seed", range(5))
    def test_the_objective_is_what_is_said_and_never_rises(self, seed):
        s = similarities([0, 0, 1, 1, 2, 2, 3, 3, 4])
        relaxed, objectives = pairwise_codes(s, 5, seed=seed)
        assert np.diff(objectives).max() <= 1e-9
        assert objectives[-1] == pytest.approx((s - relaxed @ relaxed.T / 5).square().sum().item())
        assert relaxed.abs().max() <= 1

    def test_no_entry_alone_can_do_better_once_it_has_settled(self):
        s = similarities([0, 0, 1, 2, 2])
        relaxed, objectives = pairwise_codes(s, 3, n_sweeps=200)
        for i, bit in np.ndindex(5, 3):
            for value in torch.linspace(-1, 1, 201, dtype=torch.float64):
                other = relaxed.clone()
                other[i, bit] = value
                assert (s - other @ other.T / 3).square().sum() >= objectives[-1] - 1e-6

    @pytest.mark.parametrize(
        ("s", "message"),
        [
            (torch.ones(2, 3), "similarities must be square"),
            (torch.tensor([[1.0, 2], [3, 1]]), "similarities must be symmetric"),
        ],
    )
    def test_refuses_what_is_no_similarity_matrix(self, s, message):
        with pytest.raises(ValueError, match=message):
            pairwise_codes(s, 4)


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_the_least_value_of_an_entry_is_found_among_all(p, r):
    def quartic(h):
        return h**4 + 2 * p * h * h + 4 * r * h

    assert quartic(_least(p, r)) <= quartic(np.linspace(-1, 1, 4001)).min() + 1e-9


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_roots_are_where_the_cubic_vanishes(p, r):
    for root in _roots(p, r):
        assert root**3 + p * root + r == pytest.approx(0, abs=1e-6)
