"""Encodes and decodes plain data, the only values that pass between a test and an answer.

A value becomes a JSON tree and a block of raw bytes that holds the tensors. The same code runs on
both sides of the sandbox and in a notebook, so that a test means the same everywhere. Decoding
trusts nothing: types and dtypes come from a fixed list, sizes are limited, and nothing is
unpickled, evaluated or compared by its own methods.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autograder.testing.errors import UnreadableValue

MAX_BYTES = 256 << 20
MAX_NODES = 200_000
MAX_DEPTH = 24
MAX_HASHED = 5_000  # keys of dicts and members of sets, whose hashes can be made to collide
MAX_TEXT = 100_000
TENSOR_OF = "torch.Tensor of "

TORCH_DTYPES = {
    name: getattr(torch, name)
    for name in (
        "float64", "float32", "float16", "bfloat16",
        "int64", "int32", "int16", "int8", "uint8", "bool",
    )
}  # fmt: skip
NUMPY_DTYPES = {
    name: np.dtype(name)
    for name in (
        "float64", "float32", "float16",
        "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool",
    )
}  # fmt: skip
OTHER_DTYPES = {
    str(value).removeprefix("torch.") for value in vars(torch).values()
    if isinstance(value, torch.dtype)
} - TORCH_DTYPES.keys()  # fmt: skip
ITEM_SIZES = {"bfloat16": 2} | {name: dtype.itemsize for name, dtype in NUMPY_DTYPES.items()}


@dataclass(frozen=True)
class Handle:
    """The key of an object that stays where the answer runs, such as a sampler or a generator."""

    key: str


@dataclass(frozen=True)
class Name:
    """A public object, given by its dotted name, such as `torch.nn.Linear`."""

    path: str


@dataclass(frozen=True)
class Opaque:
    """A returned value that is not plain data; only the name of its type is kept."""

    type_name: str

    def __repr__(self) -> str:
        return f"<{self.type_name}>"

    @property
    def tensor_dtype(self) -> str | None:
        """The name of the dtype if the value is a tensor of a dtype that cannot be encoded."""
        name = self.type_name.removeprefix(TENSOR_OF)
        return name if TENSOR_OF + name == self.type_name and name in OTHER_DTYPES else None


class Encoder:
    """Turns values into JSON trees, and collects the bytes of their tensors.

    Args:
        on_other: called with a value that is not plain data; returns a value to encode in its
            place. By default this is `Opaque`, the name of the value's type.
    """

    def __init__(self, on_other: Callable[[Any], Any] | None = None) -> None:
        self.payload = bytearray()
        self._nodes = 0
        self._on_other = on_other or (lambda value: Opaque(type(value).__name__))

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return the tree of a value.

        Raises:
            UnreadableValue: the value is larger or deeper than the limits.
        """
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise UnreadableValue("the value has too many parts, or contains itself")
        if value is None or type(value) is bool:
            return value
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value)
        kind = type(value)
        if kind is int:
            if value.bit_length() > 1000:
                raise UnreadableValue("an int of more than 1000 bits")
            return {"t": "int", "v": str(value)}
        if kind is float:
            return {"t": "float", "v": value.hex() if math.isfinite(value) else repr(value)}
        if kind is str:
            return {"t": "str", "v": value[:MAX_TEXT]}
        if kind in (list, tuple) or isinstance(value, torch.Size):
            tag = "list" if kind is list else "tuple"
            return {"t": tag, "v": [self.encode(item, depth + 1) for item in value]}
        if kind in (set, frozenset):
            return {"t": "set", "v": [self.encode(item, depth + 1) for item in value]}
        if isinstance(value, dict):
            pairs = dict.items(value)
            return {
                "t": "dict",
                "v": [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in pairs],
            }
        if isinstance(value, tuple):  # a named tuple, such as torch.return_types.topk
            return {"t": "tuple", "v": [self.encode(item, depth + 1) for item in tuple(value)]}
        if isinstance(value, Handle):
            return {"t": "handle", "v": value.key}
        if isinstance(value, Name):
            return {"t": "name", "v": value.path}
        if isinstance(value, torch.dtype):
            return {"t": "dtype", "v": str(value).removeprefix("torch.")}
        if isinstance(value, Opaque):
            return {"t": "opaque", "v": value.type_name[:80]}
        return self.encode(self._on_other(value), depth + 1)

    def _append(self, raw: bytes) -> int:
        offset = len(self.payload)
        if offset + len(raw) > MAX_BYTES:
            raise UnreadableValue(f"more than {MAX_BYTES >> 20} MB of tensors")
        self.payload += raw
        return offset

    def _tensor(self, value: torch.Tensor) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            name = str(value.dtype).removeprefix("torch.")
            requires_grad = bool(value.requires_grad)
            size = value.numel() * value.element_size()
            if name not in TORCH_DTYPES:
                return self.encode(Opaque(f"{TENSOR_OF}{name}"))
            if value.layout is not torch.strided:
                return self.encode(Opaque(f"{TENSOR_OF}layout {value.layout}"))
            if size > MAX_BYTES:
                raise UnreadableValue(f"a tensor of {size >> 20} MB")
            device = value.device.type
            plain = value.detach().cpu().contiguous()
            bits = plain.view(torch.int16) if name == "bfloat16" else plain
            raw = bits.numpy().tobytes()
        return {
            "t": "tensor",
            "dtype": name,
            "shape": list(plain.shape),
            "offset": self._append(raw),
            "requires_grad": requires_grad,
            "device": device,
        }

    def _array(self, value: np.ndarray | np.generic) -> Any:
        array = np.ascontiguousarray(np.asarray(value)).reshape(np.shape(value))
        if array.dtype.name not in NUMPY_DTYPES:
            return self.encode(Opaque(f"numpy array of {array.dtype.name}"))
        return {
            "t": "array" if isinstance(value, np.ndarray) else "scalar",
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "offset": self._append(array.tobytes()),
        }


class Decoder:
    """Rebuilds values from JSON trees and a block of bytes.

    Args:
        payload: the raw bytes of the tensors.
        on_handle: returns the object that a `Handle` stands for; by default the handle.
        on_name: returns the object that a `Name` stands for; by default the name.
    """

    def __init__(
        self,
        payload: bytes | bytearray,
        on_handle: Callable[[Handle], Any] | None = None,
        on_name: Callable[[Name], Any] | None = None,
    ) -> None:
        self._payload = payload
        self._unused = len(payload)
        self._nodes = 0
        self._hashed = 0
        self._on_handle = on_handle or (lambda handle: handle)
        self._on_name = on_name or (lambda name: name)

    def decode(self, tree: Any, depth: int = 0) -> Any:
        """Return the value of a tree.

        Raises:
            UnreadableValue: a part of the tree is not in the form that `Encoder` writes.
        """
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise UnreadableValue("the value has too many parts")
        if tree is None or type(tree) is bool:
            return tree
        if type(tree) is not dict:
            raise UnreadableValue("a malformed value")
        kind = tree.get("t")
        if kind in ("tensor", "array", "scalar"):
            return self._block(kind, tree)
        body = tree.get("v")
        if kind in ("list", "tuple", "set", "dict"):
            return self._container(kind, body, depth)
        if type(body) is not str or len(body) > MAX_TEXT:
            raise UnreadableValue("a malformed value")
        return self._leaf(kind, body)

    def _leaf(self, kind: Any, body: str) -> Any:
        try:
            if kind == "str":
                return body
            if kind == "int" and len(body) <= 400:
                return int(body)
            if kind == "float" and len(body) <= 60:
                return float.fromhex(body) if "x" in body else float(body)
        except (ValueError, OverflowError):
            raise UnreadableValue(f"a malformed {kind}") from None
        if kind == "opaque":
            return Opaque(printable(body[:80]))
        if kind == "handle":
            return self._on_handle(Handle(body))
        if kind == "name":
            return self._on_name(Name(body))
        if kind == "dtype" and body in TORCH_DTYPES:
            return TORCH_DTYPES[body]
        raise UnreadableValue("a value of an unknown kind")

    def _container(self, kind: str, body: Any, depth: int) -> Any:
        if type(body) is not list:
            raise UnreadableValue(f"a malformed {kind}")
        if kind in ("dict", "set"):
            self._hashed += len(body)
            if self._hashed > MAX_HASHED:
                raise UnreadableValue(f"more than {MAX_HASHED:,} keys and members of sets")
        try:
            if kind == "dict":
                return {
                    self.decode(pair[0], depth + 1): self.decode(pair[1], depth + 1)
                    for pair in body
                }
            items = [self.decode(item, depth + 1) for item in body]
            return {"list": list, "tuple": tuple, "set": set}[kind](items)
        except (TypeError, IndexError, KeyError):
            raise UnreadableValue(f"a malformed {kind}") from None

    def _block(self, kind: str, tree: dict[str, Any]) -> Any:
        name, shape, offset = tree.get("dtype"), tree.get("shape"), tree.get("offset")
        known = TORCH_DTYPES if kind == "tensor" else NUMPY_DTYPES
        if type(name) is not str or name not in known:
            raise UnreadableValue("a dtype that is not allowed")
        if (
            type(shape) is not list
            or len(shape) > 16
            or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape)
        ):
            raise UnreadableValue("a malformed shape")
        size = math.prod(shape) * ITEM_SIZES[name]
        if type(offset) is not int or offset < 0 or offset + size > len(self._payload):
            raise UnreadableValue("a shape that does not fit its bytes")
        self._unused -= size
        if self._unused < 0:
            raise UnreadableValue("tensors that share their bytes")
        raw = bytearray(self._payload[offset : offset + size])
        if name == "bool" and raw.strip(b"\x00\x01"):
            raise UnreadableValue("a bool that is neither 0 nor 1")
        try:
            array = np.frombuffer(raw, dtype="int16" if name == "bfloat16" else name).reshape(shape)
        except ValueError:  # a dimension of 0, and others too large for numpy
            raise UnreadableValue("a malformed shape") from None
        if kind == "array":
            return array
        if kind == "scalar":
            return array[()]
        tensor = torch.from_numpy(array) if size else torch.empty(shape, dtype=TORCH_DTYPES[name])
        if name == "bfloat16":
            tensor = tensor.view(torch.bfloat16)
        requires_grad = tree.get("requires_grad") is True and tensor.is_floating_point()
        return tensor.requires_grad_(requires_grad)


def printable(text: str) -> str:
    """Return a text with control characters (terminal escapes, direction marks) made visible."""
    return "".join(
        ch if ch == "\n" or ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in text
    )


def describe(value: Any) -> str:
    """Return a description of a value: type, shape, dtype, and the numbers when they are few."""
    if isinstance(value, torch.Tensor):
        head = f"tensor of shape {tuple(value.shape)}, {str(value.dtype).removeprefix('torch.')}"
        return f"{head}: {value.tolist()}" if value.numel() <= 12 else head
    if isinstance(value, np.ndarray):
        head = f"array of shape {value.shape}, {value.dtype}"
        return f"{head}: {value.tolist()}" if value.size <= 12 else head
    if isinstance(value, list | tuple | dict | set):
        text = repr(value)
        return text if len(text) <= 200 else f"{type(value).__name__} of {len(value)} items"
    if isinstance(value, Opaque):
        if value.tensor_dtype:
            return f"a tensor of dtype {value.tensor_dtype}"
        return f"an object of type {value.type_name}"
    return repr(value) if sys.getsizeof(value) < 400 else f"a {type(value).__name__}"
