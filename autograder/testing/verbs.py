"""Answers the requests of a test on an answer, in the student's own kernel or inside the sandbox.

A request is plain data: a verb and encoded arguments. The reply is plain data, too. Handles name
objects that stay in this process. This file has no expected values.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import linecache
import os
import random
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from autograder.testing.codec import Decoder, Encoder, Handle, Name, Opaque
from autograder.testing.errors import SubmissionError, is_not_done

MAX_MESSAGE = 300
SEED = 20_211  # seed of random, numpy and torch before each test
PUBLIC_NAMES = ("torch.nn", "torch.optim")  # packages whose objects any test may name


class Server:
    """Answers requests on one object.

    Args:
        target: returns the object under test; raises `NotDoneYet` when the exercise has no answer.
        probes: folder of the course's probe files.
        library: name of the package that holds the course's reference. A request may name its
            public objects (`Name`), and its lines are not counted as the student's.
    """

    def __init__(
        self,
        target: Callable[[], Any],
        *,
        probes: Path | None = None,
        library: str = "",
    ) -> None:
        self._target = target
        self._probes = probes
        self._library = library
        self._objects: dict[str, Any] = {}
        self._keys = itertools.count(1)
        self._verbs: dict[str, Callable[..., Any]] = {
            "seed": seed_everything,
            "call": self._call,
            "vjp": self._vjp,
            "construct": self._construct,
            "method": self._method,
            "length": lambda handle: len(handle),
            "take": lambda handle, count: list(itertools.islice(iter(handle), count)),
            "state": _state,
            "generator": self._generator,
            "trace": self._trace,
            "probe": self._probe,
        }

    def reply(self, request: dict[str, Any], payload: bytes | bytearray) -> tuple[Any, bytearray]:
        """Answer one request.

        Args:
            request: a dict with the keys "verb", "args" and "kwargs", and encoded values.
            payload: the bytes of the request's tensors.

        Returns:
            The tree of the reply (`{"value": ...}` or `{"error": ...}`), and its bytes.
        """
        try:
            decoder = Decoder(payload, self._objects_get, self._named)
            args = [decoder.decode(tree) for tree in request["args"]]
            kwargs = {key: decoder.decode(tree) for key, tree in request["kwargs"].items()}
            value = self._verbs[request["verb"]](*args, **kwargs)
            encoder = Encoder()
            return {"value": encoder.encode(value)}, encoder.payload
        except (Exception, SystemExit) as error:
            return {"error": describe_error(error, self._library)}, bytearray()

    # verbs ---------------------------------------------------------------------------------

    def _call(self, args: tuple, kwargs: dict, return_args: bool) -> Any:
        value = self._target()(*args, **kwargs)
        return (value, args) if return_args else value

    def _vjp(self, args: tuple, kwargs: dict, wrt: tuple[int, ...], cotangent: Any) -> Any:
        inputs = list(args)
        for index in wrt:
            inputs[index] = inputs[index].detach().clone().requires_grad_(True)
        value = self._target()(*inputs, **kwargs)
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"expected a tensor, got {type(value).__name__}")
        if not value.requires_grad:
            return value, [None] * len(wrt)
        seed = torch.ones_like(value) if cotangent is None else cotangent
        gradients = torch.autograd.grad(
            value, [inputs[index] for index in wrt], grad_outputs=seed, allow_unused=True
        )
        return value.detach(), list(gradients)

    def _construct(self, args: tuple, kwargs: dict) -> Handle:
        return self._keep(self._target()(*args, **kwargs))

    def _method(self, handle: Any, name: str, args: tuple, kwargs: dict) -> Any:
        method = handle if name == "__call__" else getattr(handle, name)
        return method(*args, **kwargs)

    def _generator(self, seed: int) -> Handle:
        return self._keep(torch.Generator().manual_seed(seed))

    def _trace(self, args: tuple, kwargs: dict) -> Any:
        target = self._target()
        counter = _OperationCounter()
        with count_lines(self._library) as lines, counter:
            value = target(*args, **kwargs)
        return {
            "value": value,
            "operations": dict(counter.operations),
            "lines": lines[0],
            "largest_storage": counter.largest_storage,
        }

    def _probe(self, name: str, args: tuple, kwargs: dict) -> Any:
        if self._probes is None or not name.isidentifier():
            raise LookupError(f"no probe named {name!r}")
        path = self._probes / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"probe_{name}", path)
        if spec is None or spec.loader is None:
            raise LookupError(f"no probe named {name!r}")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.probe(self._target(), *args, **kwargs)

    # objects that stay here ------------------------------------------------------------------

    def _keep(self, value: Any) -> Handle:
        key = str(next(self._keys))
        self._objects[key] = value
        return Handle(key)

    def _objects_get(self, handle: Handle) -> Any:
        return self._objects[handle.key]

    def _named(self, name: Name) -> Any:
        module, _, attribute = name.path.rpartition(".")
        allowed = (*PUBLIC_NAMES, self._library)
        if not any(module == root or module.startswith(f"{root}.") for root in allowed if root):
            raise LookupError(f"{name.path} is not a name that a test may use")
        return getattr(importlib.import_module(module), attribute)


def seed_everything(seed: int) -> None:
    """Seed random, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed % (1 << 32))
    torch.manual_seed(seed)


def describe_error(error: BaseException, library: str = "") -> dict[str, Any]:
    """Return an exception as plain data: its class names, its text, and where it was raised.

    Args:
        error: the exception.
        library: name of the package that holds the course's reference, whose lines are not the
            student's.
    """
    types = [cls.__name__ for cls in type(error).__mro__ if cls is not object]
    if isinstance(error, SubmissionError):
        types = [*error.types, *types]
    return {
        "types": types[:12],
        "message": str(error)[:MAX_MESSAGE],
        "where": _where(error, library),
        "not_started": is_not_done(error),
    }


def _where(error: BaseException, library: str) -> str:
    """Return the last line of the student's own code that ran before the error, or ""."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if is_students(frame.f_code, library):
            source = linecache.getline(frame.f_code.co_filename, line).strip()
            return f"line {line} of {frame.f_code.co_name}" + (f": {source}" if source else "")
    return ""


def _state(value: Any) -> Any:
    if isinstance(value, torch.Generator):
        return value.get_state()
    if hasattr(value, "state_dict"):
        return value.state_dict()
    return Opaque(type(value).__name__)


# what an answer did -----------------------------------------------------------------------------

_LIBRARIES = tuple(
    str(Path(folder).resolve())
    for folder in (
        *sysconfig.get_paths().values(),
        sys.base_prefix,
        str(Path(__file__).parent.parent),
        str(Path(torch.__file__).parent.parent),
    )
)


def is_students(code: CodeType, library: str) -> bool:
    """Return whether code comes from the student's cells, not from a library or the kit.

    Args:
        code: the code.
        library: name of the package that holds the course's reference.
    """
    elsewhere = ("<frozen", "<string>", *_LIBRARIES, *_folders_of(library))
    return not code.co_filename.startswith(elsewhere)


def _folders_of(package: str) -> Iterator[str]:
    """Give the folders that an imported package is loaded from."""
    for folder in getattr(sys.modules.get(package), "__path__", ()):
        yield f"{folder}{os.sep}"


@contextmanager
def count_lines(library: str) -> Iterator[list[int]]:
    """Count the Python lines of the student's code that run in the block.

    The block gets a list with one item, the count.
    """
    lines = [0]

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            lines[0] += 1
        return on_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if is_students(frame.f_code, library) else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        yield lines
    finally:
        sys.settrace(before)


class _OperationCounter(TorchDispatchMode):
    """Counts dispatched tensor operations, and measures the largest storage that they make."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: dict[str, int] = {}
        self.largest_storage = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Keep torch from loading its compiler (a second of import), which is not used here."""
        return False

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        name = function.overloadpacket.__name__
        self.operations[name] = self.operations.get(name, 0) + 1
        result = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                size = leaf.untyped_storage().nbytes()
                self.largest_storage = max(self.largest_storage, size)
        return result
