"""Handing in late costs what the course's pyproject.toml says, and nothing without a policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.gradebook.database import gradebook_url, open_gradebook
from autograder.gradebook.lateness import DAY, LatePolicy, lateness, read_policy, settle
from autograder.gradebook.standing import StudentGrades, class_grades
from autograder.nbgrader.feedback import write_feedback
from tests.gradebook.samples import full_marks, hand_in, notebook_of, vectors

DUE = datetime(2026, 10, 12, 21, 59, tzinfo=UTC)
TABLE = """
[tool.course.late]
percent_per_day = 10
at_most = 50
grace_minutes = 15
nothing_after_days = 7
[tool.course.late.due]
01_vectors = 2026-10-12T23:59:00+02:00
"""


def with_policy(course: Course, table: str = TABLE) -> Course:
    """The course with a table in its pyproject.toml."""
    path = course.root / "pyproject.toml"
    path.write_text(path.read_text("utf-8") + table, encoding="utf-8")
    return Course.find(course.root)


def hand_in_late(course: Course, student: str, late: timedelta) -> None:
    path = hand_in(course, student, notebook_of(course, answer_orthogonal="A written answer."))
    (path.parent / "timestamp.txt").write_text(f"{DUE + late:%Y-%m-%d %H:%M:%S} UTC\n")


def line(course: Course, student: str) -> StudentGrades:
    return class_grades(course, vectors(course), students=[student]).students[0]


@pytest.mark.parametrize(
    ("late", "percent"),
    [
        (timedelta(), 0),
        (timedelta(minutes=15), 0),
        (timedelta(minutes=16), 10),
        (timedelta(days=1), 10),
        (timedelta(days=1, seconds=1), 20),
        (timedelta(days=6), 50),
        (timedelta(days=7, seconds=1), 100),
    ],
)
def test_days_cost_percents_after_the_grace_up_to_a_cap_and_then_everything(
    late: timedelta, percent: float
) -> None:
    policy = LatePolicy({}, 10.0, at_most=50.0, grace_minutes=15.0, nothing_after_days=7.0)
    assert policy.percent_off(late.total_seconds()) == percent


@given(
    st.builds(
        LatePolicy,
        percent_per_day=st.floats(0, 200),
        at_most=st.floats(0, 100),
        grace_minutes=st.floats(0, 5000),
        nothing_after_days=st.none() | st.floats(0, 30),
    ),
    st.floats(0, 100),
    st.lists(st.floats(0, 40 * DAY), min_size=2, max_size=2).map(sorted),
)
def test_more_lateness_never_costs_less_and_never_more_than_was_earned(
    policy: LatePolicy, points: float, late: list[float]
) -> None:
    sooner, later = (policy.penalty(points, seconds) for seconds in late)
    assert 0 <= sooner <= later <= round(points, 6)


def test_a_course_without_a_table_has_no_policy(course: Course) -> None:
    assert read_policy(course) is None


def test_a_policy_is_read_with_its_due_dates_in_utc(course: Course) -> None:
    policy = read_policy(with_policy(course))
    assert policy == LatePolicy({"01_vectors": DUE}, 10, 50, 15, 7)
    assert str(policy) == (
        "10% of the points off for each day begun, at most 50%, nothing within 15 minutes, "
        "no points after 7 days"
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("percent = 10", "unknown key percent; known are due, at_most"),
        ("percent_per_day = '10'", "percent_per_day should be a number from 0, not '10'"),
        ("at_most = -1", "at_most should be a number from 0, not -1"),
        ("due = 3", "due should be a table"),
        ("due = {09_none = 2026-10-12T23:59:00Z}", "'09_none', which is no assignment"),
        ("due = {01_vectors = 2026-10-12T23:59:00}", "with an offset"),
        ("due = {01_vectors = '2026-10-12'}", "with an offset"),
    ],
)
def test_a_mistake_in_the_table_is_named(course: Course, table: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_policy(with_policy(course, f"\n[tool.course.late]\n{table}\n"))


def test_nothing_is_taken_off_without_a_policy(course: Course, grade: Callable[..., Any]) -> None:
    hand_in_late(course, "ann", timedelta(days=3))
    grade(lambda _: full_marks())
    assert line(course, "ann").penalty == 0.0
    settle(course, vectors(course))
    assert lateness(course, vectors(course)) == {}


def test_autograding_takes_points_off_and_leaves_who_is_in_time(
    course: Course, grade: Callable[..., Any]
) -> None:
    with_policy(course)
    hand_in_late(course, "late", timedelta(days=1, hours=1))
    hand_in_late(course, "grace", timedelta(minutes=10))
    hand_in_late(course, "early", -timedelta(days=1))
    grade(lambda _: full_marks())
    assert (line(course, "late").penalty, line(course, "late").so_far) == (16.0, 64.0)
    assert line(course, "grace").penalty == line(course, "early").penalty == 0.0
    assert lateness(course, vectors(course)) == {"late": 90000.0, "grace": 600.0}


def in_the_books(course: Course, student: str) -> float | None:
    """The penalty that nbgrader and its formgrader know."""
    with open_gradebook(course) as gradebook:
        found = gradebook.find_submission_notebook("01_vectors", "01_vectors", student)
        return found.late_submission_penalty


def test_points_given_by_hand_are_late_too(course: Course, grade: Callable[..., Any]) -> None:
    course = with_policy(course)
    hand_in_late(course, "ann", timedelta(hours=1))
    grade(lambda _: full_marks())
    with Gradebook(gradebook_url(course), course.course_id) as gradebook:
        given = gradebook.find_grade("answer-orthogonal", "01_vectors", "01_vectors", "ann")
        given.manual_score, given.needs_manual_grade = 20.0, False
        gradebook.db.commit()
    assert in_the_books(course, "ann") == 8.0
    assert (line(course, "ann").penalty, line(course, "ann").total) == (10.0, 90.0)
    assert in_the_books(course, "ann") == 8.0, "whoever only reads writes nothing"
    settle(course, vectors(course))
    assert in_the_books(course, "ann") == 10.0


def test_an_extension_moves_the_due_date(course: Course, grade: Callable[..., Any]) -> None:
    course = with_policy(course)
    hand_in_late(course, "ann", timedelta(days=2))
    grade(lambda _: full_marks())
    with open_gradebook(course) as gradebook:
        gradebook.grant_extension("01_vectors", "ann", days=3)
    settle(course, vectors(course))
    assert line(course, "ann").penalty == 0.0


def test_a_policy_of_today_counts_without_grading_again(
    course: Course, grade: Callable[..., Any]
) -> None:
    hand_in_late(course, "ann", timedelta(days=30))
    hand_in_late(course, "ben", timedelta(days=30))
    grade(lambda _: full_marks())
    course = with_policy(course)
    settle(course, vectors(course), students=["ann"])
    assert (in_the_books(course, "ann"), in_the_books(course, "ben")) == (80.0, None)
    assert (line(course, "ann").penalty, line(course, "ben").penalty) == (80.0, 80.0)
    assert line(course, "ben").total is None  # a person has yet to read the answer
    assert line(course, "ben").so_far == 0.0


def test_feedback_tells_what_lateness_cost(course: Course, grade: Callable[..., Any]) -> None:
    with_policy(course)
    hand_in_late(course, "ann", timedelta(hours=1))
    grade(lambda _: full_marks())
    page: Path = write_feedback(course, vectors(course)).pages["ann"]
    assert "72 points so far (8 points off for handing in late)" in page.read_text("utf-8")
