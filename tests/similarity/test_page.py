"""The page compares answers as grading finds them, runs nothing, and says what it is not."""

from __future__ import annotations

import pytest

from autograder.course import Course
from autograder.releasing.student_form import released_notebook
from autograder.similarity.page import read_answers, write_similarity
from tests.gradebook.samples import DOT, hand_in, notebook_of, vectors

OWN = """def dot(x, y):
    total = 0.0
    for place in range(min(len(x), len(y))):
        total = total + float(x[place]) * float(y[place]) + 0.0
    return total  # <script>alert(1)</script>
"""
COPY = OWN.replace("total", "acc").replace("place", "i")
HELPER = OWN.replace("dot", "helper")
CHECK = "raise SystemExit('this cell must never run')"


def test_a_copied_answer_is_shown_side_by_side_and_escaped(course: Course) -> None:
    hand_in(course, "ann", notebook_of(course, ex_dot=OWN))
    hand_in(course, "ben", notebook_of(course, ex_dot=COPY, check_dot=CHECK))
    hand_in(course, "cem", notebook_of(course))
    page, count = write_similarity(course, vectors(course), course.root / "reports")
    text = page.read_text("utf-8")
    assert count == 1
    assert "ann, ben" in text
    assert "Similarity is no proof" in text
    assert "&lt;script&gt;alert(1)" in text
    assert "alert(1)</script>" not in text
    assert page.stat().st_mode & 0o077 == 0


def test_only_the_cells_of_answers_are_compared(course: Course) -> None:
    for student in ("ann", "ben"):
        notebook = notebook_of(course, check_dot=HELPER, answer_orthogonal="The same essay.")
        hand_in(course, student, notebook)
    page, count = write_similarity(course, vectors(course), course.root)
    assert count == 0
    assert "No two answers share" in page.read_text("utf-8")


def test_an_answer_is_found_in_another_cell_and_a_damaged_file_has_none(course: Course) -> None:
    hand_in(course, "ann", notebook_of(course, ex_dot="# see below", ex_norm=f"{DOT}\n"))
    hand_in(course, "ben", b"{ not a notebook")
    answers = read_answers(course, vectors(course))
    assert "zip(x, y)" in answers["ann"]["dot"]
    assert answers["ben"] == {}


def test_an_assignment_that_was_not_released_is_refused(course: Course) -> None:
    released_notebook(course, vectors(course)).unlink()
    with pytest.raises(ValueError, match="run `course release 01`"):
        write_similarity(course, vectors(course), course.root)
