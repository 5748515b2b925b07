"""Gives tests access to an answer, wherever it runs; the fixture `submission` is this access."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from autograder.testing.codec import Decoder, Encoder, Handle, Name, printable
from autograder.testing.errors import CheckFailure, SubmissionError, UnreadableValue
from autograder.testing.reading import find_loops
from autograder.testing.verbs import Server


class Connection(Protocol):
    """Carries requests to the process of the answer, and replies back."""

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Send a request; return the reply's tree and bytes.

        Raises:
            SubmissionError: the process of the answer died, hung or sent a malformed reply.
        """
        ...


class InProcess:
    """A connection to an answer in this process, as in a student's kernel."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Answer the request in this process; return the reply's tree and bytes."""
        tree, reply = self._server.reply(request, payload)
        return tree, bytes(reply)


@dataclass(frozen=True)
class Trace:
    """The return value and the cost of a call of an answer.

    Attributes:
        value: the returned value.
        operations: number of dispatched tensor operations, by name.
        lines: number of Python lines of the student's code that ran.
        largest_storage: bytes of the largest tensor storage that the call made.
    """

    value: Any
    operations: dict[str, int]
    lines: int
    largest_storage: int

    @property
    def operation_count(self) -> int:
        """The number of all dispatched tensor operations."""
        return sum(self.operations.values())


class Remote:
    """An object in the process of the answer, such as a sampler or a generator."""

    def __init__(self, submission: Submission, handle: Handle) -> None:
        self._submission = submission
        self.handle = handle

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the object; the method `"__call__"` calls the object itself."""
        return self._submission.request("method", self, method, args, kwargs)

    def len(self) -> int:
        """Return `len()` of the object."""
        value = self._submission.request("length", self)
        if type(value) is not int:
            raise UnreadableValue("a length that is not an int")
        return value

    def take(self, count: int) -> list[Any]:
        """Return the first `count` items, or fewer, of a new iteration over the object."""
        items = self._submission.request("take", self, count)
        if type(items) is not list or len(items) > count:
            raise UnreadableValue("an iteration that is not a list of items")
        return items

    @property
    def state(self) -> Any:
        """The state of a generator, or the state dict of a module."""
        return self._submission.request("state", self)


class Submission:
    """An answer to one exercise; each method sends a request to the process of the answer.

    Arguments and results are plain data (None, bool, int, float, str, list, tuple, dict, set,
    tensors, arrays), handles (`Remote`) or public names (`Name`). They are always encoded and
    decoded, so that a test means the same in a notebook and in the sandbox.

    Args:
        connection: the connection to the process of the answer.
        source: source of the answer and its helpers, for tests that read it.
        artifact: content of the file that was handed in with the answer; None without a file.
    """

    def __init__(
        self, connection: Connection, source: str = "", artifact: bytes | None = None
    ) -> None:
        self._connection = connection
        self.source = source
        self.artifact = artifact

    def call(self, *args: Any, return_args: bool = False, **kwargs: Any) -> Any:
        """Call the answer and return its value.

        Args:
            args: positional arguments of the call.
            return_args: whether to also return the positional arguments as the call left them.
            kwargs: keyword arguments of the call.
        """
        reply = self.request("call", args, kwargs, return_args)
        if return_args and not (
            type(reply) is tuple
            and len(reply) == 2
            and type(reply[1]) is tuple
            and len(reply[1]) == len(args)
        ):
            raise UnreadableValue("arguments that are not plain data")
        return reply

    def vjp(
        self,
        *args: Any,
        wrt: Sequence[int],
        cotangent: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> tuple[Any, list[torch.Tensor | None]]:
        """Call the answer, and return its value and gradients (vector-Jacobian products).

        Args:
            args: positional arguments of the call.
            wrt: positions of the arguments to differentiate by.
            cotangent: the gradient of the value, where backpropagation starts; default ones.
            kwargs: keyword arguments of the call.

        Returns:
            The value, and the gradient for each position; None for an argument that the value does
            not depend on (detached).
        """
        reply = self.request("vjp", args, kwargs, tuple(wrt), cotangent)
        if (
            type(reply) is not tuple
            or len(reply) != 2
            or type(reply[1]) is not list
            or len(reply[1]) != len(wrt)
        ):
            raise UnreadableValue("a gradient that is not plain data")
        return reply

    def construct(self, *args: Any, **kwargs: Any) -> Remote:
        """Call the answer, and keep the object that it makes in the process of the answer."""
        return Remote(self, self._handle(self.request("construct", args, kwargs)))

    def generator(self, seed: int) -> Remote:
        """Make a seeded `torch.Generator` in the process of the answer."""
        return Remote(self, self._handle(self.request("generator", seed)))

    def trace(self, *args: Any, **kwargs: Any) -> Trace:
        """Call the answer and count its operations; a hostile answer could forge the counts."""
        reply = self.request("trace", args, kwargs)
        counts = (
            (*reply["operations"].values(), reply["lines"], reply["largest_storage"])
            if type(reply) is dict
            and reply.keys() == {"value", "operations", "lines", "largest_storage"}
            and type(reply["operations"]) is dict
            else (None,)
        )
        if not all(type(count) is int for count in counts):
            raise UnreadableValue("a trace that is not plain data")
        operations = {str(name): count for name, count in reply["operations"].items()}
        return Trace(reply["value"], operations, reply["lines"], reply["largest_storage"])

    def raises(self, type_name: str, *args: Any, **kwargs: Any) -> str:
        """Check that a call raises an exception of a type; return the text of the exception.

        Args:
            type_name: name of the exception's class or of a base class.
            args: positional arguments of the call.
            kwargs: keyword arguments of the call.

        Raises:
            CheckFailure: the call returned, or raised another exception.
        """
        return self._raises(
            type_name,
            lambda: self.call(*args, **kwargs),
            lambda value: f"it returned {type(value).__name__} instead",
        )

    def constructing_raises(self, type_name: str, *args: Any, **kwargs: Any) -> str:
        """Check that the constructor of an answer that is a class raises; see `raises`."""
        return self._raises(
            type_name,
            lambda: self.construct(*args, **kwargs),
            lambda value: "the constructor accepted the arguments",
        )

    @staticmethod
    def _raises(
        type_name: str, action: Callable[[], Any], describe_value: Callable[[Any], str]
    ) -> str:
        try:
            value = action()
        except SubmissionError as error:
            if error.not_started:
                raise
            if type_name in error.types:
                return error.message
            raise CheckFailure(f"a {type_name} was expected; it raised {error}.") from None
        raise CheckFailure(f"a {type_name} was expected; {describe_value(value)}.")

    def probe(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Run the file `probes/<name>.py` in the process of the answer; return its result."""
        return self.request("probe", name, args, kwargs)

    def seed(self, seed: int) -> None:
        """Seed random, numpy and torch in the process of the answer."""
        self.request("seed", seed)

    def loops(self) -> list[str]:
        """Return the Python loops in the source of the answer and its helpers, by line."""
        return find_loops(self.source)

    def request(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """Send a request and return the decoded reply."""
        encoder = Encoder(_unwrap)
        request = {
            "verb": verb,
            "args": [encoder.encode(value) for value in args],
            "kwargs": {key: encoder.encode(value) for key, value in kwargs.items()},
        }
        tree, payload = self._connection.exchange(request, bytes(encoder.payload))
        if type(tree) is not dict or not ({"value", "error"} & tree.keys()):
            raise UnreadableValue("a malformed reply")
        if "error" in tree:
            raise read_error(tree["error"])
        return Decoder(payload).decode(tree["value"])

    @staticmethod
    def _handle(value: Any) -> Handle:
        if type(value) is not Handle or len(value.key) > 20:
            raise UnreadableValue("a malformed handle")
        return value


def _unwrap(value: Any) -> Handle | Name:
    if isinstance(value, Remote):
        return value.handle
    raise TypeError(f"a test passed a {builtins.type(value).__name__}: only plain data crosses")


def read_error(error: Any) -> SubmissionError:
    """Return the `SubmissionError` that a reply describes; the reply is untrusted."""
    if type(error) is not dict:
        return UnreadableValue("a malformed reply")
    types = error.get("types")
    if type(types) is not list or not types or not all(type(t) is str for t in types[:20]):
        return UnreadableValue("a malformed reply")
    message, where = error.get("message"), error.get("where")
    return SubmissionError(
        tuple(printable(name[:80]) for name in types[:20]),
        printable(message[:400]) if type(message) is str else "",
        where=printable(where[:200]) if type(where) is str else "",
        not_started=error.get("not_started") is True,
    )
