"""The tests of the tests: right answers keep full marks, wrong ones lose some and are told why."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import Course, CourseExercise
from autograder.course.variants import RightAnswer, WrongAnswer
from autograder.judge.grading import Judge
from autograder.judge.sandbox import Bubblewrap, Unsandboxed, sandbox_problem
from autograder.student.rendering import text

COURSE = Course.find(Path(__file__))
EXERCISES = COURSE.exercises()
FEWEST_RIGHT, FEWEST_WRONG = 3, 10

RIGHT = [
    pytest.param(exercise, answer, id=f"{exercise.id}-{answer.name}")
    for exercise in EXERCISES
    for answer in exercise.right_answers()
]
WRONG = [
    pytest.param(exercise, answer, id=f"{exercise.id}-{answer.name}")
    for exercise in EXERCISES
    for answer in exercise.wrong_answers()
]


@pytest.fixture(scope="session")
def judge() -> Judge:
    # Our own files, so they may run where there is no bubblewrap; hostile ones are elsewhere.
    sandbox = Unsandboxed() if sandbox_problem() else Bubblewrap()
    return Judge(COURSE, sandbox, secret=b"the secret of the variants")


@pytest.mark.parametrize(("exercise", "answer"), RIGHT)
def test_a_right_answer_keeps_full_marks(
    judge: Judge, exercise: CourseExercise, answer: RightAnswer
) -> None:
    result = judge.grade_source(exercise.id, answer.source).result
    assert result.points == result.max_points, text(result)


@pytest.mark.parametrize(("exercise", "answer"), WRONG)
def test_a_wrong_answer_loses_marks_and_is_told_why(
    judge: Judge, exercise: CourseExercise, answer: WrongAnswer
) -> None:
    result = judge.grade_source(exercise.id, answer.source).result
    assert result.points is not None, f"the grader failed:\n{text(result)}"
    assert result.points < result.max_points, text(result)
    feedback = "\n".join(
        f"{verdict.message}\n{verdict.diagnosis}\n{verdict.help}" for verdict in result.verdicts
    )
    assert answer.diagnosis in feedback, text(result)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_an_exercise_has_enough_variants(exercise: CourseExercise) -> None:
    assert len(exercise.right_answers()) >= FEWEST_RIGHT
    assert len(exercise.wrong_answers()) >= FEWEST_WRONG


def test_every_variant_belongs_to_an_exercise() -> None:
    known = {exercise.folder for exercise in EXERCISES}
    names = ("right", "wrong", "wrong.toml")
    assert {path.parent for name in names for path in COURSE.tests.rglob(name)} <= known
