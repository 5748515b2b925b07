"""A judge of the tiny course, with a real sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.authoring.notebook import build_notebooks
from autograder.course import Course
from autograder.judge.grading import GradedExercise, Judge
from autograder.judge.sandbox import Bubblewrap, Limits, sandbox_problem
from autograder.testing.verdicts import Verdict

TINY_COURSE = Path(__file__).parent.parent / "fixtures" / "tiny_course"
SECRET = b"the secret of these tests"

needs_sandbox = pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem())


@pytest.fixture(scope="session")
def tiny_course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    folder = tmp_path_factory.mktemp("judge") / "tiny_course"
    shutil.copytree(TINY_COURSE, folder)
    course = Course.find(folder)
    build_notebooks(course)
    return course


@pytest.fixture(scope="session")
def judge(tiny_course: Course) -> Judge:
    return Judge(tiny_course, Bubblewrap(), secret=SECRET)


@pytest.fixture(scope="session")
def impatient(tiny_course: Course) -> Iterator[Judge]:
    """A judge that gives each test a third of a second."""
    sandbox = Bubblewrap(Limits(cpu_of_a_test=0.3))
    with Judge(tiny_course, sandbox, secret=SECRET) as judge:
        yield judge


@pytest.fixture
def grade(judge: Judge, tmp_path: Path) -> Callable[..., GradedExercise]:
    """Grade an answer given as text, through the real worker; by another judge where one is named.

    Arguments are the exercise's id, the answer and the judge.
    """

    def grade_text(exercise: str, source: str, by: Judge = judge) -> GradedExercise:
        answer = tmp_path / "answer.py"
        answer.write_text(source, encoding="utf-8")
        return by.grade_answer(exercise, answer)

    return grade_text


def by_test(graded: GradedExercise) -> dict[str, Verdict]:
    """The verdicts of a graded exercise, by test."""
    return {verdict.test: verdict for verdict in graded.result.verdicts}
