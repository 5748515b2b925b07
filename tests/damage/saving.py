"""How a notebook is written to its file: by whom, in what encoding, and how much of it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.damage.notebooks import Cell, Work

FORMATS = (
    "nbformat 4.5", "nbformat 4.4", "nbformat 4.0", "nbformat 3", "Colab", "VS Code",
)  # fmt: skip
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")
CELLS = "the cells"
BAD = "\ue000"  # stands for bytes that are no text, until the text is encoded


@dataclass(frozen=True)
class Saving:
    """How the file is written.

    Attributes:
        format: one of `FORMATS`.
        encoding: one of `ENCODINGS`.
        indent: of the JSON; None for one line.
        cut: of 1000 parts, how much of the file is left.
        bad: in which cell there are bytes that are no text; -1 for none.
    """

    format: str = "nbformat 4.5"
    encoding: str = "utf-8"
    indent: int | None = 1
    cut: int = 1000
    bad: int = -1


def savings() -> st.SearchStrategy[Saving]:
    """Ways to write a file; most of them keep all of it."""
    return st.builds(
        Saving,
        st.sampled_from(FORMATS),
        st.sampled_from(ENCODINGS + ("utf-8",) * 5),
        st.sampled_from((1, None)),
        st.just(1000) | st.just(1000) | st.just(1000) | st.integers(0, 999),
        st.just(-1) | st.just(-1) | st.just(-1) | st.integers(0, 60),
    )


def saved(work: Work, saving: Saving) -> tuple[bytes, set[int]]:
    """The file, and which cells of the work are not whole in it."""
    cells = [_cell(cell, saving.format) for cell in work]
    damaged = set()
    key = "input" if saving.format == "nbformat 3" and cells else "source"
    encoding = saving.encoding
    if 0 <= saving.bad < len(cells):
        cell = cells[saving.bad]
        where = key if key in cell else "source"
        cell[where] = [BAD, *cell[where]]
        damaged.add(saving.bad)
        encoding = "utf-8"
    texts = [json.dumps(cell, indent=saving.indent, ensure_ascii=False) for cell in cells]
    before, after = json.dumps(_file(saving.format), indent=saving.indent).split(f'"{CELLS}"')
    text = before + ",".join(texts) + after
    if saving.cut < 1000:
        text = text[: len(text) * saving.cut // 1000]
        ends = itertools.accumulate(len(each) + 1 for each in texts)
        damaged |= {place for place, end in enumerate(ends) if len(before) + end - 1 > len(text)}
    return text.encode(encoding).replace(BAD.encode(), b"\xff\xfe\x80"), damaged


def _cell(cell: Cell, format: str) -> dict[str, Any]:
    lines = cell.source.splitlines(keepends=True)
    metadata: dict[str, Any] = {}
    if cell.grade_id:
        metadata["nbgrader"] = {"grade_id": cell.grade_id, "schema_version": 3, "solution": True}
    made: dict[str, Any] = {"cell_type": cell.type, "metadata": metadata, "source": lines}
    if cell.type == "code":
        made |= {"outputs": [], "execution_count": None}
    if format in ("nbformat 4.5", "VS Code") and cell.id:
        made["id"] = cell.id
    if format == "Colab":
        metadata["id"] = "kXyZ" + cell.id[:4]
        metadata["colab"] = {"base_uri": "https://localhost:8080/"}
    if format == "VS Code" and cell.type == "code":
        metadata["vscode"] = {"languageId": "python"}
    if format == "nbformat 3" and cell.type == "code":
        made |= {"input": made.pop("source"), "language": "python", "collapsed": False}
        made["prompt_number"] = made.pop("execution_count")
    return made


def _file(format: str) -> dict[str, Any]:
    """The file around its cells."""
    if format == "nbformat 3":
        sheets = [{"cells": [CELLS], "metadata": {}}]
        return {"worksheets": sheets, "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}
    minor = {"nbformat 4.5": 5, "VS Code": 5, "nbformat 4.4": 4}.get(format, 0)
    return {"cells": [CELLS], "metadata": {}, "nbformat": 4, "nbformat_minor": minor}
