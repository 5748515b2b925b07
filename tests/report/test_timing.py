"""What grading took, by test and student, and where tests ended early."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.gradebook.standing import ExerciseGrade, Status, StudentGrades
from autograder.judge.inputs import Inputs
from autograder.judge.records import Record
from autograder.report.timing import Timing, timing_of
from autograder.testing.verdicts import Result
from tests.gradebook.samples import verdict

NO_INPUTS = Inputs("", "", "", "", {}, "", 0)


def student(id: str, small: Any, hidden: Any, cause: str = "", **run: Any) -> StudentGrades:
    """A student with one exercise, and what its two tests took."""
    result = Result(
        "dot", (verdict("small", 1.0, 1.0), verdict("far", 0.0, 1.0, hidden=True, cause=cause))
    )
    run = {"seconds": 2.0, "tests": {"small": small, "far": hidden}, **run}
    record = Record("01_vectors", result, (), NO_INPUTS)
    return StudentGrades(
        id, exercises=(ExerciseGrade("dot", 1.0, 2.0, Status.GRADED, record=record, run=run),)
    )


@pytest.fixture
def timing() -> Timing:
    quick = {"wall": 0.5, "cpu": 0.25}
    return timing_of(
        [
            student("ann", quick, {"wall": 1.0, "cpu": 3.0}),
            student("ben", quick, {"wall": 9.5, "cpu": 0.5}, "DeadlineExceeded", attempts=2),
            student("eve", quick, {"wall": 2.0, "cpu": 0.5}, "WorkerDied", seconds=5.0),
            StudentGrades("ida"),
        ]
    )


def test_the_slowest_test_comes_first_with_the_answer_that_it_took_longest_on(
    timing: Timing,
) -> None:
    far, small = timing.tests
    assert (far.title, far.hidden, far.students) == ("title of far", True, 3)
    assert (far.median, far.longest, far.slowest, far.cpu) == (2.0, 9.5, "ben", 3.0)
    assert (small.median, small.longest, small.cpu) == (0.5, 0.5, 0.25)


def test_the_whole_is_the_sum_over_students(timing: Timing) -> None:
    assert (timing.seconds, timing.longest, timing.slowest) == (9.0, 5.0, "eve")
    assert timing.again == 1


def test_deadlines_and_dead_workers_are_counted_with_their_students(timing: Timing) -> None:
    assert [(stop.cause, stop.tests, stop.students) for stop in timing.stops] == [
        ("DeadlineExceeded", 1, ("ben",)),
        ("WorkerDied", 1, ("eve",)),
    ]


@pytest.mark.parametrize("damaged", [None, 3, {"wall": "long", "cpu": float("nan")}, {}])
def test_a_damaged_record_of_time_is_no_time(damaged: Any) -> None:
    timing = timing_of([student("ann", damaged, damaged, seconds=True)])
    assert timing.seconds == 0.0
    assert all((test.longest, test.cpu) == (0.0, 0.0) for test in timing.tests)


def test_nobody_took_no_time() -> None:
    assert timing_of([]) == Timing(0.0, 0.0, "", 0, 0, (), ())
