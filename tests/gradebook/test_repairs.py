"""Assistants see what was repaired, and accept it or choose otherwise, for just that work."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from autograder.course import Course
from autograder.gradebook.database import open_gradebook
from autograder.gradebook.standing import StudentGrades
from autograder.judge.choices import as_chosen
from autograder.judge.sandbox import Bubblewrap, Sandbox, Unsandboxed, sandbox_problem
from autograder.regrading.repairs import Repair, accept, override, repairs_of
from autograder.report.terminal.repairs import print_cells, print_repairs
from autograder.submissions.collect import collect
from autograder.submissions.decisions import choices, undo
from tests.gradebook.samples import (
    ADDS,
    DOT,
    NORM,
    Notebook,
    cell,
    grade_in,
    hand_in,
    notebook_of,
    regrade_in,
    released_course,
    vectors,
    verify_in,
)


@pytest.fixture(scope="module")
def never_graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Ann defines `dot` twice, the last is wrong; Ben's is simply in its cell."""
    course = released_course(tmp_path_factory.mktemp("repairs") / "tiny_course")
    work = notebook_of(course, ex_dot=DOT, ex_norm=NORM)
    hand_in(course, "ben", work)
    hand_in(course, "ann", with_second_try(work))
    return course


@pytest.fixture
def course(never_graded: Course) -> Iterator[Course]:
    """The class, graded; no decision outlives a test."""
    graded(never_graded)
    yield never_graded
    undo(never_graded, vectors(never_graded), "ann", "dot")


def with_second_try(work: Notebook) -> Notebook:
    second = {"cell_type": "code", "id": "second-try", "metadata": {}, "source": ADDS,
              "outputs": [], "execution_count": None}  # fmt: skip
    return {**copy.deepcopy(work), "cells": [*work["cells"], second]}


def sandbox() -> Sandbox:
    return Unsandboxed() if sandbox_problem() else Bubblewrap()  # these answers are our own


def graded(course: Course) -> dict[str, StudentGrades]:
    grades = grade_in(sandbox(), course)
    return {line.student: line for line in grades.students}


def points_of_dot(course: Course) -> float | None:
    grade = graded(course)["ann"].grade("dot")
    assert grade is not None
    return grade.points


def number_of(course: Course, id: str) -> int:
    """A cell's number in Ann's work, as an assistant sees it."""
    path = course.root / "submitted" / "ann" / "01_vectors" / "01_vectors.ipynb"
    work = json.loads(path.read_text(encoding="utf-8"))
    return 1 + work["cells"].index(cell(work, id))


def repairs(course: Course) -> list[Repair]:
    return list(repairs_of(course, vectors(course)))


def said(course: Course) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_repairs(repairs(course), vectors(course), console)
    print_cells(course, vectors(course), "ann", "dot", console)
    return console.file.getvalue()


def test_only_what_was_repaired_is_listed(course: Course) -> None:
    [repair] = repairs(course)
    assert (repair.student, repair.exercise, repair.points) == ("ann", "dot", 0.0)
    assert repair.said == ("dot is defined in ex-dot, second-try: the last counts",)
    assert repair.decision == ""
    text = said(course)
    assert "nobody looked yet" in text
    assert str(number_of(course, "second-try")) in text
    assert "names dot" in text


def test_cells_of_the_handout_are_not_offered(course: Course) -> None:
    text = said(course)
    assert "ex-dot" in text
    assert "second-try" in text
    for id in ("check-dot", "setup", "picture-dot"):
        assert id not in text


def test_accepting_keeps_the_mark_and_says_so(course: Course) -> None:
    accept(course, vectors(course), "ann", "dot")
    assert [(each.decision, each.graded) for each in repairs(course)] == [("accepted", True)]
    assert choices(course, vectors(course), "ann") == {}
    assert points_of_dot(course) == 0


def test_another_cell_counts_when_the_work_is_graded_again(course: Course) -> None:
    override(course, vectors(course), "ann", "dot", [number_of(course, "ex-dot")])
    assert [each.graded for each in repairs(course)] == [False]
    change = regrade_in(sandbox(), course, students=["ann"])
    assert [each.difference for each in change.moved] == [40]
    assert points_of_dot(course) == 40
    [repair] = repairs(course)
    assert repair.graded
    assert repair.said == (f"an assistant chose cell number {number_of(course, 'ex-dot')} as the "
                           "answer",)  # fmt: skip
    again = verify_in(sandbox(), course, "ann")
    assert all(each.holds for each in again)
    undo(course, vectors(course), "ann", "dot")
    assert points_of_dot(course) == 0


def test_there_may_be_no_answer_at_all(course: Course) -> None:
    override(course, vectors(course), "ann", "dot", [])
    grade = graded(course)["ann"].grade("dot")
    assert grade is not None
    assert grade.not_started
    assert grade.record is not None
    assert grade.record.repairs == ("an assistant found no answer",)


def test_points_given_by_hand_stand(course: Course) -> None:
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("check-dot", "01_vectors", "01_vectors", "ann")
        grade.manual_score = 33.0
        gradebook.db.commit()
    override(course, vectors(course), "ann", "dot", [number_of(course, "ex-dot")])
    assert points_of_dot(course) == 33
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("check-dot", "01_vectors", "01_vectors", "ann")
        assert grade.auto_score == 40
        grade.manual_score = None
        gradebook.db.commit()


def test_a_decision_is_of_the_work_that_it_was_made_on(course: Course, tmp_path: Path) -> None:
    override(course, vectors(course), "ann", "dot", [number_of(course, "ex-dot")])
    path = course.root / "submitted" / "ann" / "01_vectors" / "01_vectors.ipynb"
    work = json.loads(path.read_text(encoding="utf-8"))
    newer = tmp_path / "inbox" / "ann" / path.name
    newer.parent.mkdir(parents=True)
    newer.write_text(json.dumps(with_second_try(work)), encoding="utf-8")
    before = path.read_bytes()
    collect(course, tmp_path / "inbox", vectors(course))
    assert points_of_dot(course) == 0
    assert [each.decision for each in repairs(course)] == [""]
    path.write_bytes(before)


@pytest.mark.parametrize(
    ("student", "exercise", "cells", "message"),
    [
        ("ann", "dot", [99], "there is no cell 99"),
        ("ann", "dot", [1], "dot is not defined in 1 of ann's cells"),
        ("ann", "cross", [1], "01_vectors has no 'cross'; it has dot, norm"),
        ("zoe", "dot", [1], "zoe handed in no 01_vectors"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    never_graded: Course, student: str, exercise: str, cells: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        override(never_graded, vectors(never_graded), student, exercise, cells)


def test_chosen_pieces_are_joined_and_nothing_else_goes_by_the_exercises_name(
    never_graded: Course,
) -> None:
    work = notebook_of(never_graded, ex_dot="def dot(x, y):")
    work["cells"].append({**cell(work, "check-dot"), "id": "rest", "source": "    return 32.0"})
    pieces = [1 + work["cells"].index(cell(work, id)) for id in ("ex-dot", "rest")]
    read = as_chosen(work, "dot", pieces)
    assert [each["source"] for each in read["cells"] if each["id"] == "ex-dot"] == [
        "def dot(x, y):\n    return 32.0"
    ]
    assert read["cells"][-1]["id"] == "ex-dot"
    assert len(read["cells"]) == len(work["cells"]) - 1


def test_students_cannot_choose(never_graded: Course) -> None:
    work = notebook_of(never_graded, ex_dot=DOT, ex_norm=NORM)
    work["metadata"]["choices"] = {"dot": []}
    hand_in(never_graded, "mal", work)
    try:
        assert [grade.points for grade in graded(never_graded)["mal"].exercises] == [40, 40]
    finally:
        for path in sorted((never_graded.root / "submitted" / "mal").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
