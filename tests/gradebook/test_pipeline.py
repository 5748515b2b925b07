"""Scores enter the gradebook from the judge's records only, and every failure fails closed.

The judge here finds what the test says; nothing is run. For real grading see test_class.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import nbformat
import pytest
from nbgrader.api import Grade

from autograder.course import Assignment, Course
from autograder.gradebook.database import open_gradebook
from autograder.gradebook.standing import GRADED_SINCE, ClassGrades, Status, StudentGrades
from autograder.judge import records
from autograder.judge.grading import GradedExercise
from autograder.judging.bench import InThisProcess, Judging
from autograder.nbgrader.feedback import feedback_page, write_feedback
from autograder.nbgrader.grade import grade_class
from autograder.submissions.reading import HandedIn, SubmittedNotebook
from autograder.testing.verdicts import Outcome
from tests.gradebook.samples import (
    DOT,
    ChosenJudge,
    autograded,
    cell,
    full_marks,
    graded,
    hand_in,
    notebook_of,
    vectors,
    verdict,
)

GradeAs = Callable[[Callable[[nbformat.NotebookNode], dict[str, GradedExercise]]], ClassGrades]


def line(grades: ClassGrades, student: str = "ann") -> StudentGrades:
    [found] = [each for each in grades.students if each.student == student]
    return found


def rows(course: Course, student: str = "ann") -> dict[str, tuple[float | None, bool]]:
    """Automatic score and "a person must look" of each grade, as the gradebook has them."""
    with open_gradebook(course) as gradebook:
        notebook = gradebook.find_submission_notebook("01_vectors", "01_vectors", student)
        return {g.name: (g.auto_score, g.needs_manual_grade) for g in notebook.grades}


def change_grade(course: Course, name: str, change: Callable[[Grade], None]) -> None:
    with open_gradebook(course) as gradebook:
        change(gradebook.find_grade(name, "01_vectors", "01_vectors", "ann"))
        gradebook.db.commit()


def with_dot(
    finding: GradedExercise,
) -> Callable[[nbformat.NotebookNode], dict[str, GradedExercise]]:
    """Full marks in norm, and the finding in dot."""
    return lambda _: {**full_marks(), "dot": finding}


def test_points_of_the_verdicts_become_the_score(course: Course, grade: GradeAs) -> None:
    hand_in(course, "ann", notebook_of(course, ex_dot=DOT))
    partial = graded("dot", verdict("small", 12.5, 25.0), verdict("h", 0.0, 15.0, hidden=True))
    grades = grade(with_dot(partial))
    assert rows(course)["check-dot"] == (12.5, False)
    assert rows(course)["check-norm"] == (40.0, False)
    assert [each.points for each in line(grades).exercises] == [12.5, 40.0]


def test_a_written_answer_waits_for_a_reader_and_an_untouched_one_does_not(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course, answer_orthogonal="At a right angle."))
    hand_in(course, "ben", notebook_of(course))
    grades = grade(lambda _: full_marks())
    assert rows(course)["answer-orthogonal"] == (None, True)
    assert rows(course, "ben")["answer-orthogonal"] == (0.0, False)
    ann, ben = line(grades), line(grades, "ben")
    assert (ann.status, ann.pending, ann.so_far, ann.total) == (Status.WAITS, 20.0, 80.0, None)
    assert (ben.status, ben.total) == (Status.GRADED, 80.0)


def test_a_written_answer_whose_cell_lost_its_name_or_is_gone_waits_for_a_reader(
    course: Course, grade: GradeAs
) -> None:
    named = notebook_of(course, answer_orthogonal="At a right angle.")
    cell(named, "answer-orthogonal").update(id="regenerated", metadata={})
    hand_in(course, "ann", named)
    hand_in(course, "ben", {**named, "cells": named["cells"][:-1]})
    grade(lambda _: full_marks())
    assert rows(course)["answer-orthogonal"] == (None, True)
    assert rows(course, "ben")["answer-orthogonal"] == (None, True)


UNSOUND = [math.nan, math.inf, -math.inf, None, "40", True]


@pytest.mark.parametrize("points", UNSOUND)
def test_an_unsound_mark_is_no_score_and_a_person_must_look(
    course: Course, grade: GradeAs, points: Any
) -> None:
    hand_in(course, "ann", notebook_of(course))
    unsound = graded("dot", verdict("small", points, 40.0, outcome=Outcome.PASSED))
    grades = grade(with_dot(unsound))
    assert rows(course)["check-dot"] == (None, True)
    assert rows(course)["check-norm"] == (40.0, False)
    assert line(grades).status is Status.NOT_GRADED
    assert not grades.complete


def test_a_failing_test_of_ours_leaves_only_that_exercise_without_a_score(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course))
    broken = verdict("h", None, 15.0, outcome=Outcome.GRADER_ERROR, message="KeyError: 'secret'")
    grade(with_dot(graded("dot", verdict("small", 25.0, 25.0), broken)))
    assert rows(course)["check-dot"] == (None, True)
    shown = str(cell(autograded(course, "ann"), "check-dot")["outputs"])
    assert "not graded" in shown
    assert "secret" not in shown


def test_a_judge_that_fails_leaves_nothing_scored_and_the_next_student_graded(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course, ex_dot="raise SystemError"))
    hand_in(course, "ben", notebook_of(course))

    def find(notebook: nbformat.NotebookNode) -> dict[str, GradedExercise]:
        if "SystemError" in cell(notebook, "ex-dot")["source"]:
            raise RuntimeError("the sandbox is gone")
        return full_marks()

    grades = grade(find)
    assert rows(course)["check-dot"] == rows(course)["check-norm"] == (None, True)
    assert line(grades).problems == ("RuntimeError: the sandbox is gone",)
    assert line(grades, "ben").so_far == 80.0
    assert "Not graded" in str(cell(autograded(course, "ann"), "check-dot")["outputs"])
    assert line(grade(lambda _: full_marks())).problems == ()


def test_an_exercise_that_the_judge_did_not_mention_has_no_score(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course))
    grade(lambda _: {"norm": full_marks()["norm"]})
    assert rows(course)["check-dot"] == (None, True)


def test_scores_of_tests_that_were_changed_since_the_release_do_not_count(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course))
    grades = grade(with_dot(graded("dot", verdict("small", 50.0, 50.0))))
    assert rows(course)["check-dot"] == (None, True)
    assert line(grades).status is Status.NOT_GRADED


class Breaking(SubmittedNotebook):
    """A submission whose cells cannot be read any more."""

    @property
    def cells(self) -> Any:
        raise OSError("disk full")


class BreakingBench(InThisProcess):
    """Judges in this process; what it judged then breaks."""

    def judge_each(self, assignment: Assignment, works: Iterable[HandedIn]) -> Judging:
        for work, found in super().judge_each(assignment, works):
            yield replace(work, submission=object.__new__(Breaking)), found


def test_a_run_that_breaks_off_leaves_no_earlier_score_standing(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course))
    grade(lambda _: full_marks())
    assert rows(course)["check-dot"] == (40.0, False)
    bench = BreakingBench(ChosenJudge(course, lambda _: full_marks()))
    grades = grade_class(course, vectors(course), bench=bench)
    assert rows(course)["check-dot"] == (None, True)
    assert line(grades).problems == ("OSError: disk full",)
    assert line(grades).status is Status.NOT_GRADED


def test_outputs_of_the_submission_are_never_read_as_a_score(
    course: Course, grade: GradeAs
) -> None:
    work = notebook_of(course)
    forged = {"output_type": "execute_result", "execution_count": 1, "metadata": {},
              "data": {"text/plain": "40.0", "text/html": "<b>forged</b>"}}  # fmt: skip
    for id in ("check-dot", "ex-dot"):
        cell(work, id)["outputs"] = [forged]
    hand_in(course, "ann", work)
    grade(with_dot(graded("dot", verdict("small", 0.0, 40.0))))
    assert rows(course)["check-dot"] == (0.0, False)
    assert "forged" not in nbformat.writes(autograded(course, "ann"))


def test_the_score_in_the_notebook_is_what_nbgrader_would_read(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course))
    grade(with_dot(graded("dot", verdict("small", 12.5, 40.0))))
    outputs = cell(autograded(course, "ann"), "check-dot")["outputs"]
    assert [o["data"]["text/plain"] for o in outputs if o["output_type"] == "execute_result"] == [
        "12.5"
    ]


def test_the_cell_shows_what_was_graded_when_it_was_found_elsewhere(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course))
    repaired = graded("dot", verdict("small", 40.0, 40.0), repairs=("found in <cell> 7",))
    grades = grade(with_dot(repaired))
    notebook = autograded(course, "ann")
    assert cell(notebook, "ex-dot")["source"] == "def dot(): return 'graded'"
    assert "found in &lt;cell&gt; 7" in str(cell(notebook, "check-dot")["outputs"])
    assert line(grades).repairs == ("found in <cell> 7",)


def test_points_of_a_person_stand_when_the_judge_grades_again(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course))
    grade(lambda _: full_marks())

    def override(grade: Grade) -> None:
        grade.manual_score, grade.needs_manual_grade = 33.0, False

    change_grade(course, "check-dot", override)
    grades = grade(with_dot(graded("dot", verdict("small", 10.0, 40.0))))
    assert rows(course)["check-dot"] == (10.0, True)
    found = line(grades).grade("dot")
    assert found is not None
    assert (found.points, found.by_hand, found.flags) == (
        33.0, True, (records.DIFFER, GRADED_SINCE),
    )  # fmt: skip


def test_an_assignment_that_was_not_released_is_named(course: Course, grade: GradeAs) -> None:
    (course.root / "gradebook.db").unlink()
    hand_in(course, "ann", b"{}")
    with pytest.raises(ValueError, match="run `course release 01`"):
        grade(lambda _: full_marks())


def test_nothing_is_graded_from_a_release_whose_metadata_were_damaged(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course))
    path = course.root / "release" / "01_vectors" / "01_vectors.ipynb"
    release = nbformat.read(path, as_version=4)
    cell(release, "check-norm")["metadata"]["nbgrader"]["grade_id"] = "check-dot"
    nbformat.write(release, path)
    [problem] = line(grade(lambda _: full_marks())).problems
    assert "damaged nbgrader metadata (Duplicate grade id: check-dot)" in problem
    assert "run `course release 01_vectors` again" in problem
    assert set(rows(course).values()) == {(None, True)}


def test_nothing_is_graded_while_a_link_lies_in_submitted(course: Course, grade: GradeAs) -> None:
    hand_in(course, "ann", notebook_of(course)).with_name("leak.txt").symlink_to("/etc/hostname")
    with pytest.raises(ValueError, match="is a symbolic link"):
        grade(lambda _: full_marks())
    assert not (course.root / "autograded").exists()


# feedback -----------------------------------------------------------------------------------------


def test_feedback_says_what_waits_and_what_is_not_graded(course: Course, grade: GradeAs) -> None:
    hand_in(course, "ann", notebook_of(course, answer_orthogonal="At a right angle."))
    grade(with_dot(graded("dot", verdict("small", math.nan, 40.0))))
    feedback = write_feedback(course, vectors(course))
    assert feedback.problems == {}
    page = feedback_page(course, vectors(course), "ann").read_text(encoding="utf-8")
    assert "40 points so far. 20 points wait for a reader; dot: not graded" in page
    assert "nan" not in page
    assert "<td>0 / 40</td>" not in page


def test_feedback_holds_nothing_of_a_hidden_test_but_its_title(
    course: Course, grade: GradeAs
) -> None:
    hand_in(course, "ann", notebook_of(course))
    hidden = verdict(
        "test_secret_name", 0.0, 15.0, hidden=True, message="dot([7, 0]) LEAK", help="LEAK",
        cause="Leak_7_0", diagnosis="adds",
    )  # fmt: skip
    public = verdict("small", 0.0, 25.0, message="should be 32; it is 21", help="Multiply.")
    grade(with_dot(graded("dot", public, hidden)))
    write_feedback(course, vectors(course))
    page = feedback_page(course, vectors(course), "ann").read_text(encoding="utf-8")
    book = nbformat.writes(autograded(course, "ann"))
    for text in (page, book):
        assert "should be 32; it is 21" in text
        assert "title of test_secret_name" in text
        assert "This looks like: adds" in text
        assert "LEAK" not in text
        assert "Leak_7_0" not in text


def test_a_page_of_feedback_runs_nothing_of_the_students(course: Course, grade: GradeAs) -> None:
    work = notebook_of(course, answer_orthogonal="<script>alert('written')</script>")
    script = "<script>alert('output')</script>"
    cell(work, "picture-norm")["outputs"] = [
        {"output_type": "display_data", "metadata": {},
         "data": {"text/html": script, "text/plain": script}}
    ]  # fmt: skip
    work["cells"].append({"cell_type": "raw", "id": "raw", "metadata": {}, "source": script})
    hand_in(course, "ann", work)
    grade(lambda _: full_marks())
    write_feedback(course, vectors(course))
    page = feedback_page(course, vectors(course), "ann").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert('output" in page
