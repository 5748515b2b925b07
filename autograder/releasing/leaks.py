"""Finds pieces of solutions and hidden tests in text, even in encoded text.

A piece is a pair of consecutive statements, or an expression of twelve or more syntax nodes. The
parser normalises pieces, so that formatting, comments and docstrings do not matter. In code, pieces
are found by syntax tree. In any other text (prose, comments, strings in strings, JSON, base64),
white space, brackets, quotes and commas do not matter.
"""

from __future__ import annotations

import ast
import base64
import binascii
import io
import json
import re
import textwrap
import tokenize
import zlib
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any

from autograder.answers.cells import python_of

NODES = 12  # fewest syntax nodes of an expression that is a piece
MIN_SQUEEZED = 16  # fewest characters of a squeezed piece that is looked for in prose
MIN_PASSAGE = 40  # fewest characters of a squeezed sentence of a model answer
MAX_DEPTH = 4  # most encodings within one another that are undone
MAX_UNPACKED = 4 << 20  # most bytes of an unpacked text

_IGNORED = re.compile(r"[\s()\[\]{},;:\"'`\\]+")
_COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)
_LINE_MARK = re.compile(r"^[ \t]*(?:>>> ?|\.\.\. ?|[#>|+-]+ ?|In \[\d*\]: ?)", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~).*?\n(.*?)^[ \t]*(?:```|~~~)", re.MULTILINE | re.DOTALL)
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){20,}")


@dataclass(frozen=True)
class Leak:
    """A secret piece that was found.

    Attributes:
        origin: where the piece comes from, such as "the solution of dot".
        piece: text of the piece, shortened.
    """

    origin: str
    piece: str


class Secrets:
    """The pieces of code and sentences of prose to look for, and where each comes from."""

    def __init__(self) -> None:
        self._pieces: dict[str, str] = {}
        self._passages: dict[str, str] = {}
        self._by_start: dict[str, list[tuple[str, str]]] = {}

    def __len__(self) -> int:
        return len(self._pieces) + len(self._passages)

    def add_code(self, source: str, origin: str, *, given: Container[str] = ()) -> None:
        """Add the pieces of a source.

        Args:
            source: the source.
            origin: where the pieces come from.
            given: pieces that students get anyway; they are not added.
        """
        for piece in pieces_of(ast.parse(textwrap.dedent(source))):
            if piece not in given and piece not in self._pieces:
                self._pieces[piece] = origin
                squeezed = squeeze(piece)
                if len(squeezed) >= MIN_SQUEEZED:
                    start = squeezed[:MIN_SQUEEZED]
                    self._by_start.setdefault(start, []).append((squeezed, piece))

    def add_prose(self, text: str, origin: str) -> None:
        """Add the sentences of a text that only graders may read."""
        for sentence in re.split(r"(?<=[.!?])\s|\n\s*\n", text):
            squeezed = squeeze(sentence.lower())
            if len(squeezed) >= MIN_PASSAGE:
                self._passages.setdefault(squeezed, origin)

    def in_python(self, source: str) -> set[Leak]:
        """Return the secret pieces in a Python file: in its code, its comments and its strings."""
        found = self._in_code(source)
        for text in _comments_and_strings(source):
            found |= self.in_text(text)
        return found

    def in_json(self, value: Any) -> set[Leak]:
        """Return the secret pieces in all strings of a JSON value, including keys."""
        return {found for text in _strings(value) for found in self.in_text(text)}

    def in_text(self, text: str, depth: int = MAX_DEPTH) -> set[Leak]:
        """Return the secret pieces in prose, which may hold code and encoded text.

        Args:
            text: the text.
            depth: most encodings within one another that are undone.
        """
        if len(text) < MIN_SQUEEZED:
            return set()
        found: set[Leak] = set()
        plain = text.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
        for variant in {text, plain, _LINE_MARK.sub("", plain)}:
            found |= self._in_prose(variant) | self._in_prose(_COMMENT.sub("", variant))
            for block in (variant, *_FENCE.findall(variant)):
                if "\n" in block:
                    found |= self._in_code(block)
        if depth:
            for inner in _unwrapped(text):
                found |= self.in_text(inner, depth - 1)
        return found

    def _in_code(self, source: str) -> set[Leak]:
        """Return the secret pieces in code, by its syntax tree; none when it is not Python."""
        return {
            Leak(self._pieces[piece], _short(piece))
            for piece in _pieces_in(source) & self._pieces.keys()
        }

    def _in_prose(self, text: str) -> set[Leak]:
        squeezed = squeeze(text)
        starts = {squeezed[i : i + MIN_SQUEEZED] for i in range(len(squeezed) - MIN_SQUEEZED + 1)}
        found = {
            Leak(self._pieces[piece], _short(piece))
            for start in starts & self._by_start.keys()
            for whole, piece in self._by_start[start]
            if whole in squeezed
        }
        lowered = squeezed.lower()
        return found | {
            Leak(origin, _short(passage))
            for passage, origin in self._passages.items()
            if passage in lowered
        }


def pieces_of(tree: ast.Module) -> Iterator[str]:
    """Give the pieces of code: pairs of consecutive statements, and large expressions."""
    statements = list(_normalised(tree.body))
    for first, second in pairwise(statements):
        yield f"{first}\n{second}"
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and _is_large(node):
            yield ast.unparse(node)


@lru_cache(maxsize=1024)
def _pieces_in(source: str) -> frozenset[str]:
    """Return the pieces of a text; none when the text is not Python."""
    try:
        tree = ast.parse(python_of(textwrap.dedent(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(pieces_of(tree))


def squeeze(text: str) -> str:
    """Return a text without white space, brackets, quotes and commas.

    Two texts that differ only in layout are then equal.
    """
    return _IGNORED.sub("", text)


def _normalised(body: list[ast.stmt]) -> Iterator[str]:
    """Give the normalised statements of a body in document order.

    For a compound statement, its own line comes first, then the statements in it. Imports,
    docstrings and lone constants are left out, since they reveal nothing.
    """
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        inner = [
            *(getattr(node, part, []) for part in ("body", "orelse", "finalbody")),
            *(part.body for part in (*getattr(node, "handlers", []), *getattr(node, "cases", []))),
        ]
        yield _own_line(node) if any(inner) else ast.unparse(node)
        for part in inner:
            yield from _normalised(part)


def _own_line(node: ast.stmt) -> str:
    """Return a compound statement without the statements in it."""
    if isinstance(node, ast.Match):
        return f"match {ast.unparse(node.subject)}"
    if isinstance(node, ast.Try | ast.TryStar):
        return "try"
    emptied: dict[str, list[Any]] = {"body": [ast.Pass()], "orelse": [], "decorator_list": []}
    fields = {name: emptied.get(name, value) for name, value in ast.iter_fields(node)}
    return ast.unparse(ast.fix_missing_locations(type(node)(**fields)))


def _is_large(node: ast.expr) -> bool:
    """Return whether an expression has at least `NODES` syntax nodes.

    Contexts (load, store) do not count, and no more nodes are counted than needed.
    """
    counted = (inner for inner in ast.walk(node) if not isinstance(inner, ast.expr_context))
    return next(islice(counted, NODES - 1, None), None) is not None


@lru_cache(maxsize=1024)
def _comments_and_strings(source: str) -> tuple[str, ...]:
    """Return the blocks of comments and all strings of a Python file."""
    return tuple(_read_comments_and_strings(source))


def _read_comments_and_strings(source: str) -> Iterator[str]:
    comments: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                comments.append(token.string)
            elif token.type not in (tokenize.NL, tokenize.NEWLINE) and comments:
                yield "\n".join(comments)
                comments = []
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                value = node.value
                yield value if isinstance(value, str) else value.decode("latin-1")
    except (SyntaxError, ValueError, tokenize.TokenError):
        yield source
    yield "\n".join(comments)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        if all(isinstance(line, str) for line in value):  # a text as notebooks store it
            yield "".join(value)
        for inner in value:
            yield from _strings(inner)


def _unwrapped(text: str) -> Iterator[str]:
    """Give the texts that a text holds as JSON, base64, hexadecimal digits or compressed bytes."""
    if text.lstrip()[:1] in ("{", "["):
        with suppress(ValueError):
            yield from _strings(json.loads(text))
    compact = "".join(text.split())
    for token in {*_ENCODED.findall(text), *_ENCODED.findall(compact)}:
        padded = token.rstrip("=") + "=" * (-len(token.rstrip("=")) % 4)
        with suppress(ValueError):
            standard = padded.replace("-", "+").replace("_", "/")
            yield from _as_text(base64.b64decode(standard))
    for token in _HEX.findall(compact):
        yield from _as_text(binascii.unhexlify(token))


def _as_text(content: bytes) -> Iterator[str]:
    """Give bytes as text, after unpacking compressed bytes; nothing when they are no text."""
    for wbits in (15 + 32, -15):  # zlib or gzip; raw
        with suppress(zlib.error):
            content = zlib.decompressobj(wbits).decompress(content, MAX_UNPACKED)
            break
    with suppress(UnicodeDecodeError):
        yield content.decode("utf-8")


def _short(piece: str) -> str:
    line = " ¶ ".join(piece.splitlines())
    return line if len(line) <= 80 else f"{line[:79]}…"
