"""Reads all that can be read of a notebook file, in any encoding or format, even if cut short.

Nothing is executed, and every byte is untrusted.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import nbformat

from autograder.judge.redaction import legible

MOST_GAPS = 50  # damaged places of a file that are skipped before reading stops
OLD_FORMATS = (1, 2, 3)
MAX_CONVERTED = 4 << 20  # bytes; from a larger file of an old format only the sources are read
MAX_UNCOUNTED = 4 << 20  # characters; the values of a longer text are counted before it is read
MAX_VALUES = 2_000_000  # a value takes up to 150 bytes of memory, however short it is in the file

_LIST_OF_CELLS = re.compile(r'"cells"\s*:\s*\[')
_BETWEEN_CELLS = re.compile(r"[\s,]*")
_VALUE = re.compile(r'(?:"(?:[^"\\]++|\\.)*+"?|[^"{\[,]++)*+(?:[{\[,]|\Z)', re.DOTALL)
_START_OF_CELL = re.compile(r'\{\s*"(?:attachments|cell_type|id|metadata)"\s*:')


@dataclass(frozen=True)
class Salvage:
    """The cells that were read from a notebook file.

    Attributes:
        cells: the cells as the file has them; an empty list when the file is no notebook.
        problems: what is wrong with the file.
        is_whole: whether all of the file could be read.
    """

    cells: list[Any]
    problems: tuple[str, ...] = ()
    is_whole: bool = True


def salvage(content: bytes) -> Salvage:
    """Read a notebook file; from a damaged file, read the cells that are still whole."""
    text, problems = _decoded(content)
    if len(text) > MAX_UNCOUNTED and _has_too_many_values(text):
        problem = f"the notebook file holds more than {MAX_VALUES:,} values: clear its outputs"
        return Salvage([], (problem, *problems), is_whole=False)
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        cells = list(_whole_cells(text))
        kept = f"; {len(cells)} of its cells could be read" if cells else ""
        problem = f"the notebook file is damaged: it is not JSON: {legible(error, 200)}{kept}"
        return Salvage(_modern(cells), (problem, *problems), is_whole=False)
    if isinstance(notebook, dict) and notebook.get("nbformat") in OLD_FORMATS:
        notebook = _of_today(notebook, with_outputs=len(content) <= MAX_CONVERTED)
    found = notebook.get("cells") if isinstance(notebook, Mapping) else None
    if not isinstance(found, list):
        problem = "the notebook file is damaged: it has no list of cells"
        return Salvage([], (problem, *problems), is_whole=False)
    return Salvage(found, tuple(problems))


def _has_too_many_values(text: str) -> bool:
    """Return whether a JSON text, by its lists, objects and commas, would fill the memory."""
    values = itertools.islice(_VALUE.finditer(text), MAX_VALUES, None)
    return next(values, None) is not None


def _decoded(content: bytes) -> tuple[str, list[str]]:
    """Return the text of a file, and what is wrong with its bytes."""
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding), []
    except UnicodeDecodeError as error:
        problem = f"the file holds bytes that are no text ({legible(error, 100)}): left out"
        return content.decode(encoding, "replace"), [problem]


def _whole_cells(text: str) -> Iterator[Any]:
    """Give the cells of a damaged file that can be read."""
    found = _LIST_OF_CELLS.search(text)
    place = found.end() if found else len(text)
    decoder, gaps = json.JSONDecoder(), 0
    while place < len(text) and gaps < MOST_GAPS:
        between = _BETWEEN_CELLS.match(text, place)
        place = between.end() if between else place
        try:
            cell, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            gaps += 1
            start = _START_OF_CELL.search(text, place + 1)
            place = start.start() if start else len(text)
            continue
        if isinstance(cell, dict) and ("cell_type" in cell or "source" in cell):
            yield cell


def _of_today(notebook: dict[str, Any], *, with_outputs: bool) -> dict[str, Any]:
    """Return a notebook of an old format in today's format.

    Args:
        notebook: the notebook.
        with_outputs: whether to convert outputs, too; they are left out where conversion fails.
    """
    if with_outputs:
        with suppress(Exception):
            return nbformat.convert(nbformat.from_dict(notebook), 4)
    sheets = notebook.get("worksheets")
    cells = [
        cell
        for sheet in (sheets if isinstance(sheets, list) else [notebook])
        if isinstance(sheet, Mapping) and isinstance(sheet.get("cells"), list)
        for cell in sheet["cells"]
    ]
    return {"cells": _modern(cells)} if cells else {}


def _modern(cells: list[Any]) -> list[Any]:
    """Return the cells with their text under `source`, which old formats call `input`."""
    return [
        {**cell, "source": cell.get("input", "")}
        if isinstance(cell, Mapping) and "source" not in cell and "input" in cell
        else cell
        for cell in cells
    ]
