"""Comparisons say what was asked and what came back."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from autograder.testing.codec import Opaque
from autograder.testing.errors import CheckFailure
from autograder.testing.expectations import (
    Misconception,
    expect_close,
    expect_equal,
    expect_tensor,
)
from autograder.testing.submission import InProcess, Submission
from autograder.testing.verbs import Server


def returned(value: Any) -> Any:
    """The value, as a test sees it when an answer returns it."""
    return Submission(InProcess(Server(lambda: lambda: value))).call()


class TestTensorsThatDoNotCross:
    """An answer's tensor may have a dtype or a layout that is left behind."""

    def test_the_dtype_is_what_is_wrong(self) -> None:
        value = returned(torch.ones(2, 3, dtype=torch.uint64))
        expected = torch.ones(2, 3, dtype=torch.int16)
        for comparison in (
            lambda: expect_tensor(value, dtype=torch.int16, what="the matrix"),
            lambda: expect_close(value, expected, what="the matrix"),
        ):
            with pytest.raises(CheckFailure, match=r"^the matrix should be int16; it is uint64\.$"):
                comparison()

    @pytest.mark.parametrize("dtype", [torch.uint16, torch.uint32, torch.uint64, torch.complex64])
    def test_every_other_dtype_is_named(self, dtype: torch.dtype) -> None:
        name = str(dtype).removeprefix("torch.")
        value = returned(torch.ones(2).to(dtype))
        with pytest.raises(CheckFailure, match=f"such as float32 or int64; it is {name}"):
            expect_tensor(value)
        with pytest.raises(CheckFailure, match=f"it is a tensor of dtype {name}"):
            expect_equal(value, torch.ones(2))

    def test_a_sparse_tensor_is_not_told_that_its_dtype_is_wrong(self) -> None:
        with pytest.raises(CheckFailure, match=r"a tensor; it is .* layout .*sparse_coo"):
            expect_tensor(returned(torch.eye(2).to_sparse()), dtype=torch.float32)

    @pytest.mark.parametrize("name", ["uint64", "torch.Tensor of int16", "torch.Tensor of <b>"])
    def test_only_a_name_of_another_dtype_counts_as_one(self, name: str) -> None:
        """A worker may send any text as the name of a type."""
        assert Opaque(name).tensor_dtype is None
        with pytest.raises(CheckFailure, match="an object of type"):
            expect_tensor(Opaque(name))


def test_shapes_name_a_mistake_when_no_value_does() -> None:
    transposed = Misconception("returns the matrix transposed")
    with pytest.raises(CheckFailure) as caught:
        expect_close(torch.ones(3, 2), torch.ones(2, 3), shapes={(3, 2): transposed})
    assert caught.value.diagnosis == "returns the matrix transposed"
