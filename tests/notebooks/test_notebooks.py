"""The notebooks as people run them: top to bottom, in a clean kernel."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.execute import execute_notebook
from autograder.authoring.figures import compare_figures, read_expected
from autograder.authoring.notebook import build_notebooks
from autograder.authoring.reference import rehearse
from autograder.course import Assignment, Course
from autograder.demo.run import own_course
from autograder.releasing.release import release

COURSE = Course.find(Path(__file__))

assignments = pytest.mark.parametrize("assignment", COURSE.assignments(), ids=lambda a: a.name)


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return own_course(COURSE, tmp_path_factory.mktemp("notebooks") / "course")


def test_no_notebook_is_stale() -> None:
    assert build_notebooks(COURSE, check=True) == []


@assignments
def test_the_reference_runs_to_the_end_and_gives_what_is_expected(
    course: Course, assignment: Assignment, tmp_path: Path
) -> None:
    """Without what takes long to train: `course reference` runs that."""
    executed = tmp_path / "executed.ipynb"
    run = rehearse(course, course.assignment(assignment.name), executed)
    assert run.errors == ()
    compared = compare_figures(
        read_expected(assignment.expected), nbformat.read(executed, as_version=4)
    )
    assert compared
    assert [each for each in compared if not each.good] == []


@assignments
def test_the_untouched_student_edition_fails_only_its_checks(
    course: Course, assignment: Assignment, tmp_path: Path
) -> None:
    """Without what takes long to train, too."""
    shutil.unpack_archive(release(course, assignment.name), tmp_path)
    notebook = next(tmp_path.rglob(f"{assignment.name}.ipynb"))
    if (COURSE.root / "data").is_dir():
        (notebook.parent / "data").symlink_to(COURSE.root / "data")
    run = execute_notebook(notebook, tmp_path / "executed.ipynb", quick=True)
    assert {error.partition(":")[0] for _, error in run.errors} == {"CheckFailed"}, run.summary
    checks = [cell for cell, _ in run.errors]
    assert checks == [f"check-{exercise.id}" for exercise in COURSE.exercises_of(assignment)]
