"""The class report says who misunderstood what, runs nothing, and needs nothing else to open."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course import Course
from autograder.gradebook.database import open_gradebook
from autograder.gradebook.roster import enter_roster
from autograder.gradebook.standing import Status, class_grades
from autograder.judge.grading import GradedExercise
from autograder.nbgrader.feedback import write_feedback
from autograder.report.page import NAME, write_report
from autograder.report.summary import Findings, findings
from autograder.testing.verdicts import Outcome
from tests.gradebook.samples import (
    cell,
    full_marks,
    graded,
    hand_in,
    notebook_of,
    vectors,
    verdict,
)

EVIL = "<script>alert(1)</script>"
ROSTER = "id,first_name,last_name,email\nfull,Änne,Müller,\nabsent,Ab,Sent,\n"


def dot(*verdicts: Any, repairs: tuple[str, ...] = ()) -> dict[str, GradedExercise]:
    return {**full_marks(), "dot": graded("dot", *verdicts, repairs=repairs)}


HIDDEN = verdict(
    "hidden", 0.0, 15.0, hidden=True, message=f"dot([7, 0]) is 7 {EVIL}", cause="CheckFailure"
)
FOUND: dict[str, dict[str, GradedExercise]] = {
    "full": full_marks(),
    "adds": dot(verdict("small", 0.0, 25.0, diagnosis="adds"), HIDDEN),
    "also": dot(verdict("small", 0.0, 25.0, diagnosis="adds"), HIDDEN, repairs=(f"joined {EVIL}",)),
    "part": dot(verdict("small", 25.0, 25.0), HIDDEN),
    "stub": dot(
        verdict("small", 0.0, 25.0, outcome=Outcome.NOT_STARTED),
        verdict("hidden", 0.0, 15.0, hidden=True, outcome=Outcome.NOT_CHECKED),
    ),
    "ours": dot(verdict("small", math.nan, 25.0, message="KeyError: 'answer'"), HIDDEN),
}


@pytest.fixture
def graded_class(
    course: Course,
    grade: Callable[[Callable[[nbformat.NotebookNode], dict[str, GradedExercise]]], Any],
    tmp_path: Path,
) -> Course:
    """A class with every kind of outcome, and feedback pages."""
    roster = tmp_path / "roster.csv"
    roster.write_text(ROSTER, encoding="utf-8")
    enter_roster(course, roster)
    with open_gradebook(course) as gradebook:  # as who types it into the formgrader
        gradebook.update_or_create_student("full", last_name=f"Müller, {EVIL}")
    for student in FOUND:
        hand_in(course, student, notebook_of(course, ex_dot=f"# {student}"))
    grade(lambda notebook: FOUND[cell(notebook, "ex-dot")["source"].removeprefix("# ")])
    write_feedback(course, vectors(course), students=["adds"])
    return course


@pytest.fixture
def found(graded_class: Course) -> Findings:
    assignment = vectors(graded_class)
    return findings(graded_class, assignment, class_grades(graded_class, assignment))


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.policy = ""
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""
        for name, value in attrs:
            assert not name.startswith("on")
            if name in ("href", "src"):
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.cdata_elem == "script":
            self.scripts.append(data)


def _written(course: Course) -> str:
    return write_report(course, [vectors(course)], course.root / "reports").read_text("utf-8")


@pytest.fixture
def page(graded_class: Course) -> Page:
    return Page(_written(graded_class))


def test_students_are_counted_by_what_became_of_their_work(found: Findings) -> None:
    assert len(found.lines) == 6
    assert (found.statuses[Status.GRADED], found.statuses[Status.NOT_GRADED]) == (5, 1)
    assert [line.student for line in found.grades.students if not line.exercises] == ["absent"]
    [dot_, norm] = found.distributions
    assert dot_.counts == {"full": 1, "partial": 1, "none": 2, "not started": 1, "not graded": 1}
    assert dot_.mean == pytest.approx((40 + 25) / 5)
    assert norm.counts["full"] == 6
    assert (dot_.pass_rate, norm.pass_rate) == (1 / 5, 1.0)


def test_points_so_far_are_counted_in_ten_ranges(found: Findings) -> None:
    assert [(bin.low, bin.high, bin.students) for bin in found.bins if bin.students] == [
        (40.0, 50.0, ("adds", "also", "stub")),
        (60.0, 70.0, ("part",)),
        (80.0, 90.0, ("full",)),
    ]
    assert sum(len(bin.students) for bin in found.bins) == 5  # not the one without a score


def test_the_hardest_tests_come_first_and_unreached_ones_do_not_count(found: Findings) -> None:
    hardest, second, *_ = found.tests
    assert (hardest.title, hardest.hidden, hardest.failed, hardest.tried) == (
        "title of hidden", True, 4, 4,
    )  # fmt: skip
    assert (second.title, second.failed, second.tried) == ("title of small", 2, 4)


def test_tests_that_everybody_or_nobody_passes_are_remarked(found: Findings) -> None:
    remarks = {(test.exercise, test.title): test.remark for test in found.tests}
    assert remarks == {
        ("dot", "title of hidden"): "nobody passes",
        ("dot", "title of small"): "",
        ("dot", "title of h"): "",  # one answer tells nothing
        ("norm", "title of triangle"): "everybody passes",
    }


def test_a_test_that_nobody_reached_says_so(found: Findings) -> None:
    [reached] = [test for test in found.tests if test.title == "title of small"]
    unreached = replace(reached, counts={Outcome.NOT_CHECKED: 3})
    assert (unreached.remark, unreached.share) == ("nobody got this far", 0.0)


def test_misconceptions_name_their_students(found: Findings) -> None:
    [misconception] = found.misconceptions
    assert (misconception.diagnosis, misconception.students) == ("adds", ("adds", "also"))


def test_what_the_grader_could_not_grade_is_listed_with_its_reason(found: Findings) -> None:
    [failure] = found.failures
    assert (failure.student, failure.exercise) == ("ours", "dot")
    assert "KeyError" in failure.text


def test_the_page_shows_every_part(page: Page) -> None:
    for part in (
        "Gradebook", "Distribution of points", "How each exercise went", "What was misunderstood",
        "Tests", "everybody passes", "Not graded", "Repairs", "Time", "Every verdict, by student",
        "nothing submitted", "not started", "For instructors and assistants only",
    ):  # fmt: skip
        assert part in page.text
    assert "dot([7, 0]) is 7" in page.text  # assistants see hidden tests in full


def test_nothing_in_the_page_can_fetch_and_nothing_but_its_own_script_can_run(page: Page) -> None:
    assert EVIL in page.text  # as text
    assert not {"img", "iframe", "link", "object"} & set(page.tags)
    [script] = page.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert page.policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )
    assert all(re.match(r"#|\.\./feedback/", link) for link in page.links)


def test_lateness_is_shown_with_what_it_cost(graded_class: Course) -> None:
    assert "handed in late" not in Page(_written(graded_class)).text
    pyproject = graded_class.root / "pyproject.toml"
    pyproject.write_text(
        pyproject.read_text("utf-8")
        + "[tool.course.late]\npercent_per_day = 10\n"
        + "due = {01_vectors = 2026-10-12T00:00:00Z}\n"
    )
    with open_gradebook(graded_class) as gradebook:
        late = gradebook.find_submission("01_vectors", "full")
        late.timestamp = datetime(2026, 10, 13, 3)
        gradebook.db.commit()
    text = Page(_written(Course.find(graded_class.root))).text
    assert "10% of the points off for each day begun" in text
    assert "1 d 3 h\N{MINUS SIGN}16" in text
    assert "1 handed in late" in text


def test_names_lead_to_feedback_pages_that_exist(graded_class: Course, page: Page) -> None:
    leading = {link for link in page.links if not link.startswith("#")}
    assert leading == {"../feedback/adds/01_vectors/01_vectors.html"}
    assert (graded_class.root / "reports" / leading.pop()).is_file()


def test_the_page_reads_well_aloud(page: Page) -> None:
    assert page.tags.count("h1") == 1
    assert page.tags.count("table") == page.tags.count("caption")
    assert {"main", "nav", "header", "h2", "h3"} <= set(page.tags)


def test_the_page_is_for_its_owner_only(graded_class: Course, page: Page) -> None:
    assert (graded_class.root / "reports" / NAME).stat().st_mode & 0o077 == 0


def test_a_class_in_which_nobody_handed_in_has_a_report_too(
    course: Course,
) -> None:
    assert "0 of 0" in Page(_written(course)).text
