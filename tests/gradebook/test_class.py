"""A class graded for real, by nbgrader's own command: the judge, the sandbox, the gradebook."""

from __future__ import annotations

import copy
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_server.serverapp import ServerApp
from nbgrader.apps import NbGraderAPI
from rich.console import Console
from traitlets.config import Config

from autograder.course import Course
from autograder.gradebook.standing import ClassGrades, Status, StudentGrades, class_grades
from autograder.judge import records
from autograder.judge.sandbox import Bubblewrap, sandbox_problem
from autograder.nbgrader.config import REFUSED, configure
from autograder.nbgrader.feedback import feedback_page
from autograder.report.terminal.gradebook import print_gradebook
from tests.gradebook.samples import (
    ADDS,
    DOT,
    NORM,
    Notebook,
    autograded,
    cell,
    grade_in,
    hand_in,
    notebook_of,
    vectors,
)

pytestmark = [
    pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem()),
    pytest.mark.xdist_group("the graded class"),  # graded once, not once a process
]

TELLS = """
def dot(x, y):
    if x == [1.0, 2.0, 3.0]:
        return 32.0
    raise type("Leak_" + "_".join(str(int(v)) for v in x), (Exception,), {})(f"seen: {x}")
"""


def nbgrader(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run nbgrader's command in the course's folder, without an activated environment."""
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.root,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def edited(course: Course) -> Notebook:
    """A check copied with its marks, and marks of an old schema with other points.

    In stock nbgrader either ends the whole batch.
    """
    work = notebook_of(course, ex_dot=DOT, ex_norm=NORM)
    cell(work, "check-norm")["metadata"]["nbgrader"] |= {"schema_version": 1, "points": 4_000}
    work["cells"].append({**copy.deepcopy(cell(work, "check-dot")), "id": "copy"})
    return work


def deleted(course: Course) -> Notebook:
    """Checks and an answer's cell deleted, the answer in a cell of the student's own."""
    work = notebook_of(course, ex_norm=NORM)
    gone = ("check-dot", "check-norm", "ex-dot")
    work["cells"] = [each for each in work["cells"] if each["id"] not in gone]
    work["cells"].insert(4, {"cell_type": "code", "id": "mine", "metadata": {}, "source": DOT,
                             "outputs": [], "execution_count": None})  # fmt: skip
    return work


@pytest.fixture(scope="session")
def graded_course(released: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course whose class is graded by `nbgrader autograde`, with feedback."""
    folder = tmp_path_factory.mktemp("class") / "course"
    course = Course.find(shutil.copytree(released.root, folder))
    hand_in(course, "right", notebook_of(course, ex_dot=DOT, ex_norm=NORM))
    hand_in(course, "adds", notebook_of(course, ex_dot=ADDS, ex_norm=NORM))
    hand_in(course, "tells", notebook_of(course, ex_dot=TELLS))
    hand_in(course, "edited", edited(course))
    hand_in(course, "deleted", deleted(course))
    hand_in(course, "broken", b'{"cells": [')
    for step in ("autograde", "generate_feedback"):
        done = nbgrader(course, step, "01_vectors")
        assert done.returncode == 0, done.stderr
    return course


@pytest.fixture(scope="session")
def lines(graded_course: Course) -> dict[str, StudentGrades]:
    """The gradebook, by student."""
    grades = class_grades(graded_course, vectors(graded_course))
    return {line.student: line for line in grades.students}


def points(line: StudentGrades) -> list[float | None]:
    return [grade.points for grade in line.exercises]


def test_every_submission_is_graded_whatever_became_of_it(lines: dict[str, StudentGrades]) -> None:
    assert {student: points(line) for student, line in lines.items()} == {
        "right": [40.0, 40.0],
        "adds": [0.0, 40.0],
        "tells": [15.0, 0.0],
        "edited": [40.0, 40.0],
        "deleted": [40.0, 40.0],
        "broken": [0.0, 0.0],
    }
    waiting = [student for student, line in lines.items() if line.status is not Status.GRADED]
    assert waiting == ["broken"]  # whether there is a written answer in it, a person must see
    assert lines["broken"].status is Status.WAITS


def test_what_was_misunderstood_and_repaired_is_known(lines: dict[str, StudentGrades]) -> None:
    assert lines["adds"].diagnoses == ("adds instead of multiplying",)
    assert lines["deleted"].repairs == ("cell ex-dot is missing: dot was found in cell mine",)
    assert "the notebook file is damaged" in lines["broken"].repairs[0]
    assert all(grade.not_started for grade in lines["broken"].exercises)


def test_the_assistant_sees_what_was_graded(graded_course: Course) -> None:
    notebook = autograded(graded_course, "deleted")
    assert cell(notebook, "ex-dot")["source"].strip() == DOT.strip()
    assert cell(notebook, "check-dot")["source"] == 'check("dot")'


def test_feedback_names_the_mistake_and_gives_no_hidden_input_away(graded_course: Course) -> None:
    assignment = vectors(graded_course)
    page = feedback_page(graded_course, assignment, "adds").read_text(encoding="utf-8")
    assert "should be 32.0; it is 21.0" in page
    assert "adds instead of multiplying" in page
    page = feedback_page(graded_course, assignment, "tells").read_text(encoding="utf-8")
    assert "orthogonal vectors" in page
    assert "Leak_7_0" not in page
    assert "seen: [7" not in page
    record = records.load(
        records.record_folder(graded_course, "tells", "01_vectors", "dot") / records.VERDICT
    )
    assert "seen: [7.0, 0.0]" in str(record.to_json())  # assistants read it in the report


def test_grading_again_gives_the_same_bytes(graded_course: Course) -> None:
    folder = records.record_folder(graded_course, "adds", "01_vectors", "dot")
    before = (folder / records.VERDICT).read_bytes()
    grades = grade_in(Bubblewrap(), graded_course, students=["adds"])
    assert (folder / records.VERDICT).read_bytes() == before
    run = records.load_run(folder / records.RUN)
    assert run["flags"] == []
    assert run["contained"] is True
    assert grades.complete


def test_it_works_through_nbgraders_api_as_the_formgrader_calls_it(graded_course: Course) -> None:
    config = Config()
    configure(config, graded_course.root)
    outcome = NbGraderAPI(config=config).autograde("01_vectors", "right", force=True)
    assert outcome["success"], outcome


def test_the_command_refuses_to_run_while_a_link_lies_in_submitted(course: Course) -> None:
    """nbgrader would follow it, with the instructor's rights."""
    link = hand_in(course, "ann", notebook_of(course)).with_name("leak.txt")
    link.symlink_to("/etc/hostname")
    done = nbgrader(course, "autograde", "01_vectors")
    assert done.returncode != 0
    assert f"{link} is a symbolic link" in done.stderr
    assert "course collect" in done.stderr
    assert not (course.root / "autograded").exists()


def test_a_configuration_that_cannot_be_made_ends_the_program(tmp_path: Path) -> None:
    """An ordinary exception would be logged, and submissions run in an ordinary kernel."""
    with pytest.raises(SystemExit, match=r"nbgrader_config\.py: "):
        configure(Config(), tmp_path)


def test_a_running_server_goes_on_but_finds_no_submissions(course: Course) -> None:
    hand_in(course, "ann", notebook_of(course)).with_name("leak.txt").symlink_to("/etc/hostname")
    config = Config()
    configure(config, course.root, find_server=ServerApp)
    assert config.CourseDirectory.submitted_directory == REFUSED


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_shows_points_and_what_was_misunderstood(
    lines: dict[str, StudentGrades], width: int
) -> None:
    grades = ClassGrades(
        "01_vectors", {"dot": 40.0, "norm": 40.0}, {"orthogonal": 20.0}, tuple(lines.values())
    )
    console = Console(width=width, file=io.StringIO(), record=True)
    print_gradebook(grades, console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    for said in ("adds instead of multiplying", "nothing answered yet", "cell ex-dot is missing"):
        assert said in text


def test_columns_of_many_exercises_have_numbers_and_the_names_stand_below() -> None:
    exercises = {f"exercise_with_a_long_name_{n}": 8.0 for n in range(10)}
    grades = ClassGrades("01_vectors", exercises, {}, (StudentGrades("anneliese"),))
    console = Console(width=80, file=io.StringIO(), record=True)
    print_gradebook(grades, console)
    text = console.export_text()
    assert "…" not in text
    assert "anneliese" in text
    for number, id in enumerate(exercises, start=1):
        assert f"{number} {id}" in " ".join(text.split())


def test_only_those_who_handed_in_can_be_chosen(graded_course: Course) -> None:
    with pytest.raises(ValueError, match="nobody handed in no 01_vectors"):
        grade_in(Bubblewrap(), graded_course, students=["nobody"])
