"""Keeps two files for each exercise of each submission.

`verdict.json`, the record, has the verdicts and what they depend on. It is byte-equal when the same
submission is graded again. `run.json` has durations, host, times and flags. Both files are written
whole or not at all.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.course import Assignment, Course
from autograder.files import write_whole
from autograder.judge.grading import GradedExercise
from autograder.judge.inputs import Inputs
from autograder.judge.redaction import legible
from autograder.judge.trail import note_mark
from autograder.testing.verdicts import Outcome, Result, Verdict

VERDICT, RUN, FAILURE = "verdict.json", "run.json", "failure.json"
FORMAT = 1
DIFFER = "verdicts differ on a second run"

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")


@dataclass(frozen=True)
class Record:
    """The verdicts on an answer and what they depend on; the content of `verdict.json`.

    Attributes:
        assignment: name of the assignment.
        result: the verdicts.
        repairs: the repairs that were made to find the answer, in words.
        inputs: everything that the verdicts depend on.
    """

    assignment: str
    result: Result
    repairs: tuple[str, ...]
    inputs: Inputs

    @property
    def points(self) -> float | None:
        """The points of the answer; None when it is not graded (see `sound_points`)."""
        return sound_points(self.result)

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain data."""
        result = self.result.to_json()
        return {
            "format": FORMAT,
            "assignment": self.assignment,
            "exercise": self.result.exercise,
            "points": self.points,
            "max_points": self.result.max_points,
            "verdicts": result["verdicts"],
            "repairs": list(self.repairs),
            "inputs": asdict(self.inputs),
        }


def sound_points(result: Result) -> float | None:
    """Return the points of a result, from 0 to its maximum; None when it is not graded.

    A result is not graded when a verdict says that the grader itself failed, or when a mark is
    missing, NaN, an infinity, a bool or of any other type than a plain number.
    """
    total = []
    for verdict in result.verdicts:
        marks = (verdict.points, verdict.max_points)
        if verdict.outcome is Outcome.GRADER_ERROR or not all(map(_is_mark, marks)):
            return None
        total.append(min(max(float(verdict.points or 0), 0.0), float(verdict.max_points)))
    return round(math.fsum(total), 6) if total else None


def record_folder(course: Course, student: str, assignment: str, exercise: str) -> Path:
    """Return the folder that keeps the two files of an exercise."""
    for part in (student, assignment, exercise):
        if not part or part in (".", "..") or any(c in part for c in "/\\\0"):
            raise ValueError(f"{part!r} cannot be the name of a folder")
    return course.state / "verdicts" / student / assignment / exercise


def record_of(
    assignment: Assignment,
    graded: GradedExercise,
    *,
    common: Inputs,
    problems: Iterable[str] = (),
) -> Record:
    """Return the record of what the judge found, without writing it; see `write`."""
    return Record(
        assignment.name,
        steady(graded.result),
        tuple(legible(repair) for repair in (*problems, *graded.repairs)),
        common.of(graded.program),
    )


def content(record: Record) -> bytes:
    """Return the content of the file `verdict.json` for a record."""
    return _text(record.to_json()).encode()


def write(
    course: Course,
    student: str,
    assignment: Assignment,
    graded: GradedExercise,
    *,
    common: Inputs,
    problems: Iterable[str] = (),
) -> Record:
    """Write the two files on what the judge found for one exercise.

    Args:
        course: the course.
        student: id of the student.
        assignment: the assignment.
        graded: what the judge found.
        common: everything that all verdicts of the assignment depend on; see `common_inputs`.
        problems: problems of the submission as a whole; they are kept before the repairs of the
            exercise.

    Returns:
        The record that was written to `verdict.json`.
    """
    record = record_of(assignment, graded, common=common, problems=problems)
    folder = record_folder(course, student, assignment.name, record.result.exercise)
    earlier = _earlier(folder)
    flags = _flags(folder, earlier, record)
    run = {
        **graded.run,
        "notes": [legible(note) for note in graded.notes],
        "flags": flags,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(folder / VERDICT, record.to_json())
    write_json(folder / RUN, run)
    if earlier is None or earlier.points != record.points:
        note_mark(
            course,
            student=student,
            assignment=assignment.name,
            exercise=record.result.exercise,
            before=earlier and earlier.points,
            after=record.points,
            changed=record.inputs.changed_since(earlier.inputs) if earlier else (),
        )
    return record


def note_failure(course: Course, student: str, assignment: str, reason: str) -> None:
    """Keep why a submission could not be graded at all.

    Args:
        course: the course.
        student: id of the student.
        assignment: name of the assignment.
        reason: the reason; "" when the submission could be graded.
    """
    path = _failure_file(course, student, assignment)
    if not reason:
        path.unlink(missing_ok=True)
        return
    write_json(path, {"reason": legible(reason)})


def failure(course: Course, student: str, assignment: str) -> str:
    """Return why a submission could not be graded at all at the last attempt, or ""."""
    return str(load_run(_failure_file(course, student, assignment)).get("reason", ""))


def load(path: Path) -> Record:
    """Read a `verdict.json`.

    Raises:
        ValueError: the file is damaged or contradicts itself; the message names the file.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']!r}, not {FORMAT}")
        record = Record(
            str(data["assignment"]),
            Result.from_json(data),
            tuple(str(repair) for repair in data["repairs"]),
            Inputs(**data["inputs"]),
        )
        _require_sound(record, data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged ({error}): grade this submission again") from error
    return record


def load_run(path: Path) -> dict[str, Any]:
    """Read a `run.json`; return an empty dict when the file is missing or damaged."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return run if isinstance(run, dict) else {}


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write data as JSON to a file that only its owner can read, whole or not at all.

    The same data give the same bytes. The file is on the disk when this returns. Even if the
    machine stops, no file that is written later is on the disk without this file.
    """
    write_whole(path, _text(data).encode(), durable=True)


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _failure_file(course: Course, student: str, assignment: str) -> Path:
    return record_folder(course, student, assignment, FAILURE)


def _is_mark(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def steady(result: Result) -> Result:
    """Return a result in a form that does not differ between runs.

    Addresses are cut from messages. A verdict with an unsound mark becomes a failure of the grader.
    """

    def steady(verdict: Verdict) -> Verdict:
        sound = _is_mark(verdict.points)
        return replace(
            verdict,
            message=_ADDRESS.sub("0x\N{HORIZONTAL ELLIPSIS}", legible(verdict.message)),
            help=legible(verdict.help),
            cause=legible(verdict.cause, 100),
            points=verdict.points if sound else None,
            outcome=verdict.outcome if sound else Outcome.GRADER_ERROR,
        )

    return replace(result, verdicts=tuple(map(steady, result.verdicts)))


def _earlier(folder: Path) -> Record | None:
    """Return the record that is about to be replaced; None when it is missing or damaged."""
    try:
        return load(folder / VERDICT)
    except (OSError, ValueError):
        return None


def _flags(folder: Path, earlier: Record | None, record: Record) -> list[str]:
    """Return `DIFFER` as a flag if the same submission ever had other verdicts; else no flag."""
    if earlier is None or earlier.inputs != record.inputs:
        return []
    if None in (earlier.points, record.points):
        return []
    known = DIFFER in load_run(folder / RUN).get("flags", ())
    return [DIFFER] if known or _essence(earlier) != _essence(record) else []


def _essence(record: Record) -> list[tuple[Any, ...]]:
    return [(v.test, v.outcome, v.points, v.diagnosis) for v in record.result.verdicts]


def _require_sound(record: Record, data: Mapping[str, Any]) -> None:
    """Refuse marks that are not numbers, and a total that is not their sum."""
    for verdict in record.result.verdicts:
        if not _is_mark(verdict.max_points) or not (
            _is_mark(verdict.points) or verdict.outcome is Outcome.GRADER_ERROR
        ):
            raise ValueError(f"{verdict.test} has no sound mark")
    if data["points"] != record.points or data["max_points"] != record.result.max_points:
        raise ValueError("its points are not the sum of its verdicts")
