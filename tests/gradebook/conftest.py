"""A released course to hand in to, with a real gradebook; and a whole class graded for real."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from autograder.course import Course
from autograder.gradebook.standing import ClassGrades
from autograder.judge.grading import GradedExercise
from autograder.judge.secret import VARIABLE
from tests.gradebook.samples import SECRET, ChosenJudge, grade_with, released_course

Find = Callable[[nbformat.NotebookNode], dict[str, GradedExercise]]


@pytest.fixture(scope="session", autouse=True)
def own_secret(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the instructor's secret out of it."""
    path = tmp_path_factory.mktemp("secret") / "secret"
    path.write_bytes(SECRET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(path))
        yield


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The tiny course with its first assignment released; not to be changed."""
    return released_course(tmp_path_factory.mktemp("released") / "tiny_course")


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """A copy of the released course, free to be changed."""
    return Course.find(shutil.copytree(released.root, tmp_path / "course"))


@pytest.fixture
def grade(course: Course) -> Callable[[Find], ClassGrades]:
    """Grade what was handed in with a judge whose findings the test chooses."""

    def grade_as(find: Find) -> ClassGrades:
        return grade_with(ChosenJudge(course, find), course)

    return grade_as
