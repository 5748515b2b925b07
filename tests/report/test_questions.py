"""Written questions on one page: what graders go by, every answer, and nobody's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograder.course import Course
from autograder.gradebook.database import open_gradebook
from autograder.releasing.student_form import WRITTEN_STUB, released_notebook
from autograder.report import rendering
from autograder.report.questions import Question, read_questions, write_questions
from tests.gradebook.samples import full_marks, hand_in, notebook_of, vectors

EVIL = "<script>alert(1)</script>"
SERVER = "http://localhost:8888/"


@pytest.fixture
def answered(course: Course, grade: Callable[..., Any]) -> Course:
    """Two students answered, one left the question as it was, and one has points already."""
    for student, answer in {
        "anniken": f"They meet at a right angle. {EVIL}",
        "bertrand": "Their product is 0.",
        "cornelius": WRITTEN_STUB,
    }.items():
        hand_in(course, student, notebook_of(course, answer_orthogonal=answer))
    grade(lambda _: full_marks())
    with open_gradebook(course) as gradebook:
        given = gradebook.find_grade("answer-orthogonal", "01_vectors", "01_vectors", "bertrand")
        given.manual_score, given.needs_manual_grade = 15.0, False
        gradebook.db.commit()
    return course


def question(course: Course) -> Question:
    [found] = read_questions(course, vectors(course))
    return found


def page(course: Course, **options: Any) -> str:
    path = write_questions(
        course, vectors(course), course.root / "reports", server=SERVER, **options
    )
    assert path.stat().st_mode & 0o077 == 0
    return path.read_text("utf-8")


def test_a_question_comes_with_all_answers_and_what_waits(answered: Course) -> None:
    found = question(answered)
    assert {answer.student: answer.grade.points for answer in found.answers} == {
        "anniken": None,
        "bertrand": 15.0,
    }
    assert (found.points, found.waiting, found.empty) == (20.0, 1, 1)


def test_graders_see_model_answer_and_rubric_and_students_do_not(answered: Course) -> None:
    found = question(answered)
    assert found.model_answer in page(answered)
    assert found.rubric in page(answered)
    released = released_notebook(answered, vectors(answered)).read_text("utf-8")
    assert found.model_answer not in released
    assert found.rubric not in released


def test_answers_are_read_without_names_unless_asked(answered: Course) -> None:
    assert "bertrand" not in page(answered)
    assert "bertrand" in page(answered, names=True)


def test_each_answer_leads_to_its_points_in_the_formgrader(answered: Course) -> None:
    """Before them: a link; two comments to answers and twice two fields of points."""
    text = page(answered)
    for answer in question(answered).answers:
        place = f"formgrader/submissions/{answer.submission}/?index={1 + 2 * (1 + 2)}"
        assert f'href="http://localhost:8888/{place}"' in text
    assert "give points" in text
    assert "15 of 20" in text


def test_what_people_write_is_shown_as_markdown_and_formulas_as_typed(
    course: Course, grade: Callable[..., Any]
) -> None:
    text = "They **meet** where:\n\n- $a_1 * b_1 * c$ is 0,\n  or near\n- `dot` says so"
    hand_in(course, "anniken", notebook_of(course, answer_orthogonal=text))
    grade(lambda _: full_marks())
    shown = page(course)
    assert "They <strong>meet</strong> where:" in shown
    assert "<li>$a_1 * b_1 * c$ is 0,\nor near</li>" in shown
    assert "<li><code>dot</code> says so</li>" in shown


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("<img src=x onerror=alert(1)>", "<img src=x"),
        ("[here](javascript:alert(1))", "javascript:"),
        ("$</span><script>alert(1)</script>$", "<script>alert"),
        ("| a |\n|---|\n| <b onclick=x> |", "<b onclick"),
    ],
)
def test_no_form_of_markdown_becomes_anything_that_acts(text: str, gone: str) -> None:
    shown = str(rendering._markdown(text))
    assert gone not in shown
    assert shown


def test_nothing_in_an_answer_becomes_markup(answered: Course) -> None:
    text = page(answered)
    assert EVIL not in text
    assert text.count("<script>") == 1


def test_a_class_without_answers_has_a_page_too(course: Course) -> None:
    assert "0 answers, 0 to read; 0 left empty" in page(course)
