"""Only plain data crosses between a test and an answer."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.testing.codec import (
    MAX_DEPTH,
    TORCH_DTYPES,
    Decoder,
    Encoder,
    Handle,
    Name,
    Opaque,
    describe,
    printable,
)
from autograder.testing.errors import UnreadableValue

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
)
plain_data = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def there_and_back(value: Any) -> Any:
    encoder = Encoder()
    tree = json.loads(json.dumps(encoder.encode(value)))
    return Decoder(bytes(encoder.payload)).decode(tree)


@settings(max_examples=80, deadline=None)
@given(plain_data)
def test_plain_data_comes_back_equal_and_of_the_same_type(value: Any) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("dtype", TORCH_DTYPES.values(), ids=TORCH_DTYPES)
def test_a_tensor_keeps_dtype_shape_and_values(dtype: torch.dtype) -> None:
    tensor = torch.tensor([[0, 1, 1], [1, 0, 1]]).to(dtype)
    back = there_and_back({"nested": [tensor.T]})["nested"][0]
    assert back.dtype is dtype
    assert torch.equal(back, tensor.T)


def test_nan_and_infinity_cross_as_they_are() -> None:
    back = there_and_back([float("nan"), float("inf"), torch.tensor([torch.nan, -torch.inf])])
    assert back[0] != back[0]
    assert back[1] == float("inf")
    assert torch.isnan(back[2][0])
    assert back[2][1] == -torch.inf


def test_numpy_values_stay_numpy_values() -> None:
    back = there_and_back([np.float32(2.5), np.arange(3)])
    assert type(back[0]) is np.float32
    assert isinstance(back[1], np.ndarray)
    assert back[1].dtype == np.int64


def test_an_empty_tensor_and_requires_grad_survive() -> None:
    assert there_and_back(torch.empty(0, 3)).shape == (0, 3)
    assert there_and_back(torch.ones(2, requires_grad=True)).requires_grad


def test_an_object_that_lies_about_equality_arrives_as_the_name_of_its_type() -> None:
    class AlwaysEqual:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    assert there_and_back(AlwaysEqual()) == Opaque("AlwaysEqual")


def test_a_tensor_subclass_arrives_as_a_plain_tensor() -> None:
    class Lying(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return True

    back = there_and_back(torch.ones(2).as_subclass(Lying))
    assert type(back) is torch.Tensor
    assert torch.equal(back, torch.ones(2))


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list = []
    endless.append(endless)
    with pytest.raises(UnreadableValue, match="contains itself"):
        Encoder().encode(endless)


@pytest.mark.parametrize(
    "tree",
    [
        {"t": "tensor", "dtype": "float32", "shape": [2], "offset": 0},
        {"t": "tensor", "dtype": "float32", "shape": [1 << 50], "offset": 0},
        {"t": "tensor", "dtype": "complex64", "shape": [0], "offset": 0},
        {"t": "tensor", "dtype": "object", "shape": [0], "offset": 0},
        {"t": "tensor", "dtype": "float32", "shape": [-1], "offset": 0},
        {"t": "tensor", "dtype": "float32", "shape": [1], "offset": -4},
        {"t": "tensor", "dtype": "float32", "shape": "11", "offset": 0},
        {"t": "tensor", "dtype": ["float32"], "shape": [0], "offset": 0},
        {"t": "bool", "v": "x"},
        {"t": "int", "v": "1" * 500},
        {"t": "int", "v": "1+1"},
        {"t": "float", "v": "__import__"},
        {"t": "list", "v": "abc"},
        {"t": "dict", "v": [[{"t": "list", "v": []}, None]]},
        {"t": "set", "v": [{"t": "list", "v": []}]},
        {"t": "dtype", "v": "complex64"},
        {"t": "pickle", "v": "gASVAAAAAAAAAA=="},
        {"v": "no kind"},
        {"t": "float", "v": "0x1p9999"},
        [1, 2],
        7,
    ],
)
def test_a_forged_tree_is_refused(tree: Any) -> None:
    with pytest.raises(UnreadableValue):
        Decoder(b"").decode(tree)


def test_a_bool_tensor_of_other_bytes_is_refused() -> None:
    tree = {"t": "tensor", "dtype": "bool", "shape": [2], "offset": 0}
    with pytest.raises(UnreadableValue, match="bool"):
        Decoder(b"\x01\x07").decode(tree)


def test_a_tree_that_is_too_deep_is_refused() -> None:
    tree: Any = None
    for _ in range(MAX_DEPTH + 2):
        tree = {"t": "list", "v": [tree]}
    with pytest.raises(UnreadableValue, match="too many parts"):
        Decoder(b"").decode(tree)


def test_handles_and_names_are_resolved_by_the_side_that_owns_them() -> None:
    decoder = Decoder(b"", lambda handle: f"object {handle.key}", lambda name: f"named {name.path}")
    encoder = Encoder()
    trees = [encoder.encode(Handle("3")), encoder.encode(Name("torch.nn.Linear"))]
    assert [decoder.decode(tree) for tree in trees] == ["object 3", "named torch.nn.Linear"]


def test_terminal_escapes_become_visible() -> None:
    assert "\x1b" not in printable("\x1b[31mred\u202e")
    assert printable("two\nlines") == "two\nlines"


def test_a_description_names_type_shape_and_dtype() -> None:
    assert describe(torch.zeros(100, 3)) == "tensor of shape (100, 3), float32"
    assert describe(torch.tensor([1, 2])) == "tensor of shape (2,), int64: [1, 2]"
    assert describe(Opaque("Sampler")) == "an object of type Sampler"


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries(
            {"t": st.sampled_from(["tensor", "array", "scalar"])},
            optional={
                "dtype": st.sampled_from([*TORCH_DTYPES, "object"]) | inner,
                "shape": st.lists(st.integers(0, 3) | st.integers(), max_size=18) | inner,
                "offset": st.integers(0, 8) | inner,
                "requires_grad": inner,
            },
        )
        | st.fixed_dictionaries(
            {
                "t": st.sampled_from(
                    ["list", "tuple", "set", "dict", "str", "int", "float", "dtype", "opaque"]
                )
                | inner,
                "v": st.lists(inner, max_size=3)
                | st.sampled_from(["0x1p9999", "nan", "7"])
                | inner,
            }
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(json_trees)
def test_whatever_a_worker_sends_is_a_value_or_is_refused(tree: Any) -> None:
    """Any other exception would pass for the grader's own failure."""
    with suppress(UnreadableValue):
        Decoder(bytes(range(16))).decode(tree)


@pytest.mark.parametrize("kind", ["tensor", "array", "scalar"])
def test_a_shape_without_elements_that_numpy_cannot_have_is_refused(kind: str) -> None:
    tree = {"t": kind, "dtype": "float32", "shape": [0, 1 << 39, 1 << 39], "offset": 0}
    with pytest.raises(UnreadableValue, match="shape"):
        Decoder(b"").decode(tree)


def test_tensors_cannot_share_bytes_to_fill_the_judges_memory() -> None:
    tensor = {"t": "tensor", "dtype": "uint8", "shape": [8], "offset": 0}
    assert torch.equal(Decoder(bytes(8)).decode(tensor), torch.zeros(8, dtype=torch.uint8))
    with pytest.raises(UnreadableValue, match="share their bytes"):
        Decoder(bytes(8)).decode({"t": "list", "v": [tensor, tensor]})


@pytest.mark.parametrize("kind", ["set", "dict"])
def test_keys_whose_hashes_collide_cannot_keep_the_judge_busy(kind: str) -> None:
    """Ints with one hash: a set of as many as a reply may have would take a quarter of an hour."""
    same_hash = [{"t": "int", "v": str(k * sys.hash_info.modulus)} for k in range(90_000)]
    body = same_hash if kind == "set" else [[key, None] for key in same_hash]
    with pytest.raises(UnreadableValue, match="keys and members of sets"):
        Decoder(b"").decode({"t": kind, "v": body})
