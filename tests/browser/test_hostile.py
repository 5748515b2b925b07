"""Scripts in a submission run in no page that a grader or a student opens."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from autograder.course import Course
from autograder.gradebook.standing import class_grades
from autograder.nbgrader.feedback import feedback_page, write_feedback
from autograder.report.page import write_report
from autograder.report.questions import write_questions
from tests.browser.conftest import Watch
from tests.browser.hostile import MARK, MARKDOWN, PAGE
from tests.gradebook.samples import vectors


def assert_nothing_ran(page: Page, watch: Watch) -> None:
    for frame in page.frames:
        assert frame.evaluate(f"typeof window.{MARK}") == "undefined", frame.url
    assert MARK not in page.title()
    assert watch.dialogs == []
    assert watch.marked == []


def told_to_graders_only(course: Course, student: str) -> set[str]:
    """What the judge says of hidden tests, and of no public one."""
    [line] = [s for s in class_grades(course, vectors(course)).students if s.student == student]
    verdicts = [v for grade in line.exercises if grade.record for v in grade.record.result.verdicts]
    public = {verdict.message for verdict in verdicts if not verdict.hidden}
    return {verdict.message for verdict in verdicts if verdict.hidden} - public


def test_the_scripts_would_run_where_a_page_shows_them_as_they_are(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<p>{PAGE}{MARKDOWN}</p>", encoding="utf-8")
    page.goto(path.as_uri())
    page.wait_for_function(f"window.{MARK} === 1")
    assert watch.dialogs
    assert watch.marked
    assert page.title() == MARK


def test_the_formgraders_pages(autograded: Course, page: Page, watch: Watch) -> None:
    for path, shown in {
        "manage_submissions/01_vectors": "td:text-is('mal')",
        "manage_students": "td:text-is('mal')",
        "manage_students/mal": "a:text-is('01_vectors')",
        "gradebook/01_vectors/01_vectors": "td.name",
    }.items():
        page.goto(f"/formgrader/{path}")
        page.locator(shown).first.wait_for()
        assert_nothing_ran(page, watch)


def test_a_submission_in_the_formgrader(autograded: Course, page: Page, watch: Watch) -> None:
    page.goto("/formgrader/gradebook/01_vectors/01_vectors")
    page.locator("tr", has_text="Lory").locator("a.name-hidden").click()
    expect(page.locator("#check-dot")).to_have_attribute("placeholder", "0")
    expect(page.locator("body")).to_contain_text(MARK)  # it is shown, as text
    assert_nothing_ran(page, watch)


def test_the_students_own_feedback_page(autograded: Course, page: Page, watch: Watch) -> None:
    write_feedback(autograded, vectors(autograded), students=["mal"])
    page.goto(feedback_page(autograded, vectors(autograded), "mal").as_uri())
    expect(page.locator("body")).to_contain_text(MARK)
    assert_nothing_ran(page, watch)
    hidden = told_to_graders_only(autograded, "mal")
    assert hidden
    assert not [told for told in hidden if told in page.locator("body").inner_text()]


def test_the_class_report_and_the_questions(
    autograded: Course, page: Page, watch: Watch, tmp_path: Path
) -> None:
    course, assignment = autograded, vectors(autograded)
    for path in (
        write_report(course, [assignment], tmp_path),
        write_questions(course, assignment, tmp_path, names=True, server="http://127.0.0.1:1"),
    ):
        page.goto(path.as_uri())
        expect(page.locator("body")).to_contain_text(MARK)
        for detail in page.locator("details").all():
            detail.evaluate("node => { node.open = true; }")
        assert_nothing_ran(page, watch)
    assert watch.fetched == []
