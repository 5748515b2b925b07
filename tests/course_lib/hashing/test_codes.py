"""Codes, packed codes, and Hamming distances."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from course_lib.hashing import binarize, hamming_distances, pack_codes, unpack_codes


def codes(n, n_bits, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(2, (n, n_bits), generator=generator).float() * 2 - 1


class TestBinarize:
    def test_gives_zero_a_side(self):
        outputs = torch.tensor([[0.0, -0.0, 1e-9, -1e-9, 3, -3]])
        assert binarize(outputs).tolist() == [[1, 1, 1, -1, 1, -1]]

    def test_keeps_the_dtype_and_has_no_gradient(self):
        outputs = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
        assert binarize(outputs).dtype == torch.float64
        assert not binarize(outputs).requires_grad

    def test_is_the_nearest_code(self):
        outputs = torch.randn(20, 4, generator=torch.Generator().manual_seed(0))
        every = unpack_codes(torch.arange(16, dtype=torch.uint8)[:, None] << 4, 4)
        nearest = every[torch.cdist(outputs, every).argmin(dim=1)]
        assert torch.equal(binarize(outputs), nearest)


class TestPacking:
    def test_has_numpys_order_of_bits(self):
        x = codes(5, 19)
        assert np.array_equal(pack_codes(x).numpy(), np.packbits(x.numpy() > 0, axis=1))

    @given(st.integers(0, 6), st.integers(1, 70), st.integers(0, 99))
    def test_and_unpacking_give_the_codes_again(self, n, n_bits, seed):
        x = codes(n, n_bits, seed)
        packed = pack_codes(x)
        assert packed.shape == (n, -(-n_bits // 8))
        assert torch.equal(unpack_codes(packed, n_bits), x)

    def test_understands_zero_and_one_too(self):
        x = codes(4, 12)
        assert torch.equal(pack_codes(x > 0), pack_codes(x))
        assert torch.equal(pack_codes((x > 0).long()), pack_codes(x))

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda: pack_codes([[1, -1]]), TypeError, "codes must be a torch.Tensor"),
            (lambda: pack_codes(torch.ones(3)), ValueError, r"codes must have shape \(N, C\)"),
            (lambda: pack_codes(torch.ones(3, 0)), ValueError, "shape"),
            (lambda: pack_codes(torch.ones(1, 2) * 1j), TypeError, "real numbers or bools"),
            (lambda: unpack_codes(torch.ones(1, 2), 8), TypeError, "pack codes with pack_codes"),
            (
                lambda: unpack_codes(torch.ones(1, 2, dtype=torch.uint8), 17),
                ValueError,
                "n_bits is 17, but packed holds 2 bytes a row",
            ),
        ],
    )
    def test_refuses_bad_input_by_name(self, call, error, message):
        with pytest.raises(error, match=message):
            call()


class TestHammingDistances:
    @pytest.mark.parametrize("n_bits", [1, 12, 48, 64, 100, 300])
    def test_agree_with_scipy_and_with_inner_products(self, n_bits):
        x, y = codes(7, n_bits), codes(9, n_bits, seed=1)
        found = hamming_distances(pack_codes(x), pack_codes(y))
        assert found.dtype == torch.int16
        assert np.array_equal(found, np.rint(cdist(x, y, "hamming") * n_bits))
        assert torch.equal(found.float(), (n_bits - x @ y.T) / 2)

    def test_reach_the_ends(self):
        x = codes(3, 48)
        assert hamming_distances(pack_codes(x), pack_codes(x)).diagonal().tolist() == [0, 0, 0]
        assert hamming_distances(pack_codes(x), pack_codes(-x)).diagonal().tolist() == [48] * 3

    def test_of_no_codes_are_none(self):
        nothing = torch.zeros(0, 2, dtype=torch.uint8)
        assert hamming_distances(nothing, pack_codes(codes(4, 16))).shape == (0, 4)

    def test_refuse_codes_of_different_lengths(self):
        with pytest.raises(ValueError, match="equally long, got bytes a row: x 2, y 1"):
            hamming_distances(pack_codes(codes(1, 12)), pack_codes(codes(1, 8)))
