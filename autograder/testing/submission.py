"""The fixture `submission`: how a test reaches an answer, wherever it runs."""

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
    """Carries a request to where the answer runs and brings the reply."""

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Send a request; return the reply's tree and bytes.

        Raises:
            SubmissionError: the answer's side died, hung or replied with something else.
        """
        ...


class InProcess:
    """A connection to an answer in this very process, as in a student's kernel."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Serve the request here."""
        tree, reply = self._server.reply(request, payload)
        return tree, bytes(reply)


@dataclass(frozen=True)
class Trace:
    """What an answer did during a call.

    Attributes:
        value: what it returned.
        operations: dispatched tensor operations, by name.
        lines: Python lines of the student's code that ran.
        largest_storage: bytes of the largest tensor storage that it made.
    """

    value: Any
    operations: dict[str, int]
    lines: int
    largest_storage: int

    @property
    def operation_count(self) -> int:
        """Dispatched tensor operations in all."""
        return sum(self.operations.values())


class Remote:
    """An object that lives where the answer runs: a sampler, a generator."""

    def __init__(self, submission: Submission, handle: Handle) -> None:
        self._submission = submission
        self.handle = handle

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method (`"__call__"`: the object itself)."""
        return self._submission.request("method", self, method, args, kwargs)

    def len(self) -> int:
        """`len()` of it."""
        value = self._submission.request("length", self)
        if type(value) is not int:
            raise UnreadableValue("a length that is not an int")
        return value

    def take(self, count: int) -> list[Any]:
        """At most `count` items of a fresh iteration over it."""
        items = self._submission.request("take", self, count)
        if type(items) is not list or len(items) > count:
            raise UnreadableValue("an iteration that is not a list of items")
        return items

    @property
    def state(self) -> Any:
        """A generator's state, or a module's state dict."""
        return self._submission.request("state", self)


class Submission:
    """An answer to one exercise, reached by explicit verbs.

    Arguments and results are plain data (None, bool, int, float, str, list, tuple, dict, set,
    tensors, arrays), handles (`Remote`) or public names (`Name`), encoded and decoded on the way,
    so that a test means the same in a notebook and in the sandbox.

    Args:
        connection: carries requests to the answer.
        source: text of the answer and its helpers, for tests that read it.
        artifact: content of the file that was handed in with it; None where there is none.
    """

    def __init__(
        self, connection: Connection, source: str = "", artifact: bytes | None = None
    ) -> None:
        self._connection = connection
        self.source = source
        self.artifact = artifact

    def call(self, *args: Any, return_args: bool = False, **kwargs: Any) -> Any:
        """Call the answer.

        Args:
            return_args: also return the arguments as they are after the call.
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
        """Value and gradients (vector-Jacobian products).

        Args:
            wrt: positions of the arguments to differentiate by.
            cotangent: what the gradient of the value is taken to be; default ones.

        Returns:
            The value, and a gradient for each position: None where the value does not depend on
            it (detached).
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
        """Call the answer and keep the object it makes, on its own side."""
        return Remote(self, self._handle(self.request("construct", args, kwargs)))

    def generator(self, seed: int) -> Remote:
        """A seeded `torch.Generator` on the answer's side."""
        return Remote(self, self._handle(self.request("generator", seed)))

    def trace(self, *args: Any, **kwargs: Any) -> Trace:
        """Call the answer and count what it does (a claim of the answer's side)."""
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
        """Check that the call raises an exception of that type; return its text.

        Raises:
            CheckFailure: it returned, or raised something else.
        """
        return self._raises(
            type_name,
            lambda: self.call(*args, **kwargs),
            lambda value: f"it returned {type(value).__name__} instead",
        )

    def constructing_raises(self, type_name: str, *args: Any, **kwargs: Any) -> str:
        """`raises`, for an answer that is a class: its constructor must refuse the arguments."""
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
        """Run the kit's file `probes/<name>.py` where the answer is; return what it observed."""
        return self.request("probe", name, args, kwargs)

    def seed(self, seed: int) -> None:
        """Seed random, numpy and torch on the answer's side."""
        self.request("seed", seed)

    def loops(self) -> list[str]:
        """Python loops in the text of the answer and its helpers, by line."""
        return find_loops(self.source)

    def request(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        """Send one request and decode its reply."""
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
    """A `SubmissionError` from untrusted data."""
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
