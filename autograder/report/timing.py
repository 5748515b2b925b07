"""Summarizes from the judge's `run.json` how long grading took, and where it hung or died."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from autograder.gradebook.standing import ExerciseGrade, StudentGrades
from autograder.judge.redaction import CAUSES


@dataclass(frozen=True)
class TestTime:
    """The time that one test took on the answers of a class.

    Attributes:
        exercise: id of the exercise.
        title: title of the test.
        hidden: whether the test is hidden.
        students: number of answers that the test was run on.
        median: median of the wall-clock seconds.
        longest: wall-clock seconds of the slowest answer.
        cpu: CPU seconds of the answer that used most.
        slowest: id of the student whose answer was slowest.
    """

    __test__ = False  # keeps pytest from collecting this class

    exercise: str
    title: str
    hidden: bool
    students: int
    median: float
    longest: float
    cpu: float
    slowest: str


@dataclass(frozen=True)
class Stop:
    """A cause that ended tests early.

    Attributes:
        cause: the cause, such as a deadline or a dead worker.
        tests: number of tests that it ended.
        students: ids of the students whose answers were tested.
    """

    cause: str
    tests: int
    students: tuple[str, ...]


@dataclass(frozen=True)
class Timing:
    """The time that grading a class took.

    Attributes:
        seconds: seconds of all exercises of all students, added up.
        longest: seconds of the slowest student.
        slowest: id of the slowest student; "" when nobody handed in.
        unsandboxed: number of exercises that were graded without a sandbox.
        again: number of exercises that were graded more than once because of a deadline.
        tests: time of each test, the slowest first.
        stops: deadlines, dead workers and the like, the most frequent first.
    """

    seconds: float
    longest: float
    slowest: str
    unsandboxed: int
    again: int
    tests: tuple[TestTime, ...]
    stops: tuple[Stop, ...]


def timing_of(lines: Iterable[StudentGrades]) -> Timing:
    """Return the time that grading took.

    Args:
        lines: the grades of the students who handed in.
    """
    lines = list(lines)
    spent = {line.student: sum(_seconds(g.run.get("seconds")) for g in line.exercises)
             for line in lines}  # fmt: skip
    runs = [grade.run for line in lines for grade in line.exercises]
    slowest = max(spent, key=lambda student: spent[student], default="")
    return Timing(
        seconds=sum(spent.values()),
        longest=spent.get(slowest, 0.0),
        slowest=slowest,
        unsandboxed=sum(run.get("contained") is False for run in runs),
        again=sum(run.get("attempts", 1) != 1 for run in runs),
        tests=tuple(sorted(_test_times(lines), key=lambda test: -test.longest)),
        stops=tuple(sorted(_stops(lines), key=lambda stop: -stop.tests)),
    )


def _test_times(lines: Iterable[StudentGrades]) -> Iterator[TestTime]:
    found: dict[tuple[str, str, bool], list[tuple[float, float, str]]] = defaultdict(list)
    for line in lines:
        for grade in line.exercises:
            for key, wall, cpu in _times_of(grade):
                found[key].append((wall, cpu, line.student))
    for key, times in found.items():
        longest, _, slowest = max(times)
        walls = [wall for wall, _, _ in times]
        yield TestTime(
            *key, len(times), median(walls), longest, max(cpu for _, cpu, _ in times), slowest
        )


def _times_of(grade: ExerciseGrade) -> Iterator[tuple[tuple[str, str, bool], float, float]]:
    timings = grade.run.get("tests")
    if not isinstance(timings, dict) or grade.record is None:
        return
    for verdict in grade.record.result.verdicts:
        timing = timings.get(verdict.test)
        if isinstance(timing, dict):
            key = (grade.id, verdict.title, verdict.hidden)
            yield key, _seconds(timing.get("wall")), _seconds(timing.get("cpu"))


def _stops(lines: Iterable[StudentGrades]) -> Iterator[Stop]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        for grade in line.exercises:
            for verdict in grade.record.result.verdicts if grade.record else ():
                if verdict.cause in CAUSES:
                    found[verdict.cause].append(line.student)
    for cause, students in found.items():
        yield Stop(cause, len(students), tuple(dict.fromkeys(students)))


def _seconds(value: Any) -> float:
    """Return the seconds in a record; 0 for a value that is no duration."""
    known = type(value) in (int, float) and math.isfinite(value)
    return float(value) if known else 0.0
