"""Pickles that hold plain data and nothing else.

Unpickling is a small machine whose instructions may import and call anything. Here they are listed
first, without being run, and compared with those that build dicts, lists, tuples, strings and
integers; only then is the pickle loaded, by a loader that knows no classes.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

_LARGEST = 64 << 20  # bytes; the course's files have about 2 million

_STRUCTURE = frozenset({"PROTO", "FRAME", "MARK", "STOP"})
_CONTAINERS = frozenset(
    {"EMPTY_DICT", "DICT", "SETITEM", "SETITEMS"}
    | {"EMPTY_LIST", "LIST", "APPEND", "APPENDS"}
    | {"EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"}
)
_STRINGS = frozenset({"UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})
_INTEGERS = frozenset({"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"})
_MEMORY = frozenset({"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET"})
_PLAIN = _STRUCTURE | _CONTAINERS | _STRINGS | _INTEGERS | _MEMORY

_KINDS = {
    "NONE": "None",
    "NEWTRUE": "a bool",
    "NEWFALSE": "a bool",
    "FLOAT": "a float",
    "BINFLOAT": "a float",
    "EMPTY_SET": "a set",
    "FROZENSET": "a frozenset",
    "STRING": "a byte string of Python 2",
    "BINSTRING": "a byte string of Python 2",
    "SHORT_BINSTRING": "a byte string of Python 2",
    "BINBYTES": "bytes",
    "SHORT_BINBYTES": "bytes",
    "BINBYTES8": "bytes",
    "BYTEARRAY8": "a bytearray",
}


class PlainPickleError(ValueError):
    """A file that is no pickle of plain data; the message names what was found."""


def load_plain(path: Path) -> Any:
    """Return what a pickle of plain data holds: dicts, lists, tuples, strings and integers.

    Raises:
        PlainPickleError: the file is no pickle, or holds anything else; the message names it.
        OSError: the file cannot be read.

    Example:
        >>> path = Path("plain.pickle")
        >>> _ = path.write_bytes(pickle.dumps({"query": [("a.png", 3)]}))
        >>> load_plain(path)
        {'query': [('a.png', 3)]}
        >>> _ = path.write_bytes(pickle.dumps({"query": print}))
        >>> load_plain(path)
        Traceback (most recent call last):
            ...
        course_lib.plain_pickle.PlainPickleError: it holds builtins.print
    """
    with open(path, "rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise PlainPickleError(f"it is larger than {_LARGEST} bytes")
    _require_plain(content)
    try:
        return _Loader(io.BytesIO(content)).load()
    except Exception as error:  # a broken pickle may raise anything
        raise PlainPickleError(f"it is a damaged pickle ({error})") from error


class _Loader(pickle.Unpickler):
    """An unpickler without classes: the second wall behind the check of instructions."""

    def find_class(self, module: str, name: str) -> Any:
        raise PlainPickleError(f"it holds {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise PlainPickleError("it refers to objects outside the file")


def _require_plain(content: bytes) -> None:
    strings: list[str] = []  # the last two: STACK_GLOBAL takes module and name from them
    count = 0
    try:
        for opcode, found, _ in pickletools.genops(content):
            argument: Any = found
            count += 1
            if opcode.name not in _PLAIN:
                raise PlainPickleError(f"it holds {_what(opcode.name, argument, strings)}")
            if opcode.name == "INT" and isinstance(argument, bool):
                raise PlainPickleError("it holds a bool")
            if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and argument > count:
                raise PlainPickleError("it is a damaged pickle (it asks for far too much memory)")
            if opcode.name in _STRINGS:
                strings = [*strings[-1:], argument]
    except PlainPickleError:
        raise
    except Exception as error:  # genops raises ValueError, and more on strange bytes
        raise PlainPickleError(f"it is no pickle, or a damaged one ({error})") from error


def _what(opcode: str, argument: Any, strings: list[str]) -> str:
    if opcode in ("GLOBAL", "INST"):
        return ".".join(str(argument).split(" "))
    if opcode == "STACK_GLOBAL":
        return ".".join(strings) or "an object"
    return _KINDS.get(opcode, f"an object (pickle's {opcode})")
