"""Mutual information of bits and attributes."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from course_lib.hashing import bit_attribute_information


def problem(n, n_bits, n_attributes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    codes = torch.rand(n, n_bits, generator=generator) < torch.rand(n_bits, generator=generator)
    share = torch.rand(n_attributes, generator=generator)
    return codes.float() * 2 - 1, torch.rand(n, n_attributes, generator=generator) < share


class TestBitAttributeInformation:
    @given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
    def test_is_scikit_learns_in_bits(self, n, n_bits, n_attributes, seed):
        codes, attributes = problem(n, n_bits, n_attributes, seed)
        peer = [
            [mutual_info_score(bit, attribute) / math.log(2) for attribute in attributes.T.numpy()]
            for bit in codes.T.numpy()
        ]
        found = bit_attribute_information(codes, attributes)
        assert found.dtype == torch.float64
        assert np.allclose(found.numpy(), peer, rtol=0, atol=1e-12)

    @given(st.integers(1, 40), st.integers(0, 99))
    def test_lies_between_zero_and_the_lesser_entropy(self, n, seed):
        codes, attributes = problem(n, 5, 4, seed)
        found = bit_attribute_information(codes, attributes)
        assert found.min() >= 0
        bits = bit_attribute_information(codes, codes > 0).diagonal()
        named = bit_attribute_information(attributes.float() * 2 - 1, attributes).diagonal()
        assert (found <= torch.minimum(bits[:, None], named) + 1e-12).all()

    @given(st.integers(1, 40), st.integers(0, 99))
    def test_does_not_mind_which_side_is_which(self, n, seed):
        codes, attributes = problem(n, 5, 4, seed)
        found = bit_attribute_information(codes, attributes)
        assert torch.allclose(bit_attribute_information(-codes, attributes), found, atol=1e-14)
        assert torch.allclose(bit_attribute_information(codes, ~attributes), found, atol=1e-14)

    def test_is_exactly_zero_without_dependence(self):
        rows, columns = torch.arange(11), torch.arange(13)
        codes = torch.where(rows[:, None] < torch.arange(12), 1.0, -1.0).repeat_interleave(13, 0)
        attributes = (columns[:, None] < torch.arange(14)).repeat(11, 1)
        assert (bit_attribute_information(codes, attributes) == 0).all()

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"codes": [[1.0]]}, TypeError, "codes must be a torch.Tensor"),
            ({"codes": torch.ones(3)}, ValueError, r"codes must have shape \(N, C\)"),
            ({"attributes": torch.ones(3, 2)}, TypeError, "attributes must be bool"),
            ({"attributes": torch.ones(3) > 0}, ValueError, r"must have shape \(3, A\)"),
            ({"attributes": torch.ones(2, 2) > 0}, ValueError, r"must have shape \(3, A\)"),
            ({"attributes": torch.ones(3, 0) > 0}, ValueError, "attributes is empty"),
        ],
    )
    def test_refuses_bad_input_by_name(self, changes, error, message):
        good = {"codes": torch.ones(3, 4), "attributes": torch.ones(3, 2) > 0}
        with pytest.raises(error, match=message):
            bit_attribute_information(**{**good, **changes})
