"""What is still whole of a damaged notebook file is graded."""

from __future__ import annotations

import json

import pytest

from autograder.submissions.reading import parse_submission
from autograder.submissions.salvage import MAX_VALUES
from tests.gradebook.samples import DOT, Notebook


def notebook(*sources: str) -> Notebook:
    """A notebook of code cells."""
    cells = [
        {"cell_type": "code", "id": f"c{place}", "metadata": {}, "source": source, "outputs": []}
        for place, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.mark.parametrize("indent", [None, 1])
def test_of_a_file_that_was_cut_short_the_whole_cells_are_read(indent: int | None) -> None:
    content = json.dumps(notebook(DOT, "x = 1", "y = 2"), indent=indent).encode()
    read = parse_submission(content[: content.index(b"y = 2")])
    assert [cell.source for cell in read.cells] == [DOT, "x = 1"]
    assert "2 of its cells could be read" in read.problems[0]
    assert not read.is_whole


def test_a_cell_that_is_no_json_does_not_cost_the_next_one() -> None:
    content = json.dumps(notebook("x = 1", DOT)).replace('"x = 1"', '"x = 1')
    assert [cell.source for cell in parse_submission(content.encode()).cells] == [DOT]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_may_be_in_any_encoding_of_json(encoding: str) -> None:
    text = json.dumps(notebook("x = 'é'"), ensure_ascii=False)
    read = parse_submission(text.encode(encoding))
    assert ([cell.source for cell in read.cells], read.problems) == (["x = 'é'"], ())


def test_bytes_that_are_no_text_cost_their_cell_alone_and_are_said() -> None:
    content = json.dumps(notebook("x = 'BAD'", DOT)).encode().replace(b"BAD", b"\xff\xfe")
    read = parse_submission(content)
    assert read.cells[1].source == DOT
    assert "bytes that are no text" in read.problems[0]


def test_an_old_format_without_metadata_is_read() -> None:
    cells = [{"cell_type": "code", "input": [DOT]}]
    old = {"nbformat": 3, "worksheets": [{"cells": cells}]}
    assert [cell.source for cell in parse_submission(json.dumps(old).encode()).cells] == [DOT]


def test_outputs_of_a_hundred_megabytes_cost_nothing() -> None:
    work = notebook(DOT)
    shown = {"output_type": "stream", "name": "stdout", "text": "x" * 1_000_000}
    work["cells"][0]["outputs"] = [shown] * 100
    [cell] = parse_submission(json.dumps(work).encode()).cells
    assert cell.source == DOT
    assert sum(len(output["text"]) for output in cell.outputs) < 2_000_000


@pytest.mark.parametrize("unit", ["1,   ", "[],", '{"a":{}},'])
def test_a_file_whose_values_would_fill_the_memory_is_not_read(unit: str) -> None:
    start, end = '{"nbformat": 4, "cells": [{"source": "x = 1", "outputs": [', "1]}]}"
    read = parse_submission((start + unit * (MAX_VALUES + 1) + end).encode())
    assert read.cells == ()
    assert "more than 2,000,000 values: clear its outputs" in read.problems[0]


@pytest.mark.parametrize("text", ["1, 2, [3], {4: 5}, ", 'say "yes", ', "\\, "])
def test_what_stands_in_a_text_counts_as_one_value(text: str) -> None:
    work = notebook(DOT)
    shown = {"output_type": "stream", "name": "stdout", "text": text * MAX_VALUES}
    work["cells"][0]["outputs"] = [shown]
    [cell] = parse_submission(json.dumps(work).encode()).cells
    assert cell.source == DOT
