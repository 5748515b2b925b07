"""Keeps what assistants decided on repairs of a submission, beside the judge's records.

A decision holds only for the submission that it was made on. When a newer submission replaces that
one, the repairs are to be decided on again.
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
    """Return a digest of the cells that a decision is made on."""
    read = [[cell.type, cell.id, cell.source] for cell in cells]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()


def decided(
    course: Course, assignment: Assignment, student: str, work: str | None = None
) -> dict[str, tuple[int, ...] | None]:
    """Return what was decided on a student's work.

    Args:
        course: the course.
        assignment: the assignment.
        student: id of the student.
        work: digest of a submission (see `work_of`); only decisions made on that submission are
            returned. By default all decisions are.

    Returns:
        By id of the exercise, the numbers of the chosen cells, or None where the repair was
        accepted.
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
    """Return the cells that assistants chose as answers, by exercise; see `decided`.

    They take the place of the answers that reading the submission finds.
    """
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
        course: the course.
        assignment: the assignment.
        student: id of the student.
        exercise: id of the exercise.
        work: digest of the submission that the decision is made on; see `work_of`.
        cells: numbers of the chosen cells, from 1; an empty sequence when there is no answer; None
            to accept the repair.
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
    """Return the file that keeps the decisions on a student's work."""
    return records.record_folder(course, student, assignment.name, "x").with_name(FILE)
