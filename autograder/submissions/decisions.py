"""What assistants decided on repairs of a damaged notebook: kept beside the records, for that work.

A decision holds for just the work that it was made on: of a submission that replaces it nothing was
decided yet.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from autograder.course import Assignment, Course
from autograder.judge import records

FILE = "repairs.json"


class _CellOfWork(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...


def work_of(cells: Iterable[_CellOfWork]) -> str:
    """A digest of what a decision was made on."""
    read = [[cell.type, cell.id, cell.source] for cell in cells]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()


def decided(
    course: Course, assignment: Assignment, student: str, work: str | None = None
) -> dict[str, tuple[int, ...] | None]:
    """What was decided, by exercise: numbers of the chosen cells, or None where it was accepted.

    Args:
        work: of these decisions only; default all.
    """
    kept = records.load_run(decisions_file(course, assignment, student))
    return {
        exercise: None if entry["cells"] is None else tuple(entry["cells"])
        for exercise, entry in kept.items()
        if work in (None, entry["work"])
    }


def choices(
    course: Course, assignment: Assignment, student: str, work: str | None = None
) -> dict[str, tuple[int, ...]]:
    """What was chosen in place of what reading the work finds; see `decided`."""
    found = decided(course, assignment, student, work)
    return {exercise: cells for exercise, cells in found.items() if cells is not None}


def decide(
    course: Course,
    assignment: Assignment,
    student: str,
    exercise: str,
    *,
    work: str,
    cells: Sequence[int] | None,
) -> None:
    """Keep a decision.

    Args:
        work: what it is made on; see `work_of`.
        cells: numbers of the chosen cells from 1, none when there is no answer; None to accept.
    """
    path = decisions_file(course, assignment, student)
    entry: dict[str, Any] = {
        "cells": None if cells is None else list(cells),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "work": work,
    }
    records.write_json(path, {**records.load_run(path), exercise: entry})


def undo(course: Course, assignment: Assignment, student: str, exercise: str) -> None:
    """Take a decision back, if there is one."""
    path = decisions_file(course, assignment, student)
    kept = records.load_run(path)
    if kept.pop(exercise, None) is not None:
        records.write_json(path, kept)


def decisions_file(course: Course, assignment: Assignment, student: str) -> Path:
    """Where decisions on a student's work are kept."""
    return records.record_folder(course, student, assignment.name, "x").with_name(FILE)
