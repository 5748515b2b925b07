"""The way an instructor goes, in a browser: autograde, grade by hand, feedback, report, export."""

from __future__ import annotations

import csv
from pathlib import Path

from playwright.sync_api import Page, expect

from autograder.course import Course
from autograder.gradebook.exports.write import Format, export
from autograder.gradebook.standing import class_grades
from autograder.nbgrader.feedback import feedback_page
from autograder.report.page import write_report
from tests.gradebook.samples import vectors

ANSWER = "answer-orthogonal"


def open_submission(page: Page, name: str) -> None:
    """Through the formgrader's Manual Grading, as an assistant does."""
    page.goto("/formgrader/gradebook/01_vectors/01_vectors")
    page.locator("tr", has_text=name).locator("a.name-hidden").click()
    expect(page.locator("#check-dot")).to_have_attribute("placeholder", "40")


def test_the_formgraders_button_grades_with_the_judge(autograded: Course, page: Page) -> None:
    lines = {each.student: each for each in class_grades(autograded, vectors(autograded)).students}
    assert lines["ada"].so_far == 80
    assert lines["ben"].diagnoses == ("adds instead of multiplying",)
    page.goto("/formgrader/manage_submissions/01_vectors")
    expect(page.locator("tr:has(td:text-is('ada')) .status")).to_have_text("needs manual grading")
    expect(page.locator("tr:has(td:text-is('ben')) .score")).to_have_text("40 / 100")


def test_a_question_is_read_across_the_class(autograded: Course, page: Page) -> None:
    """As the page of questions says: from one answer to the same one of the next submission."""
    page.goto("/formgrader/gradebook/01_vectors/01_vectors")
    page.locator("a.name-hidden").first.click()
    page.wait_for_url("**/submissions/**")  # loaded, too: its keys are set up then
    first = page.url
    page.locator(f"input#{ANSWER}").focus()
    page.keyboard.press("Control+Period")
    page.wait_for_url(lambda address: "/submissions/" in address and first not in address)
    expect(page.locator(f"input#{ANSWER}")).to_be_focused()


def test_a_written_answer_is_graded_by_hand_and_everything_counts(
    autograded: Course, page: Page, tmp_path: Path
) -> None:
    open_submission(page, "Byron, Ada")
    expect(page.get_by_text("At right angles.")).to_be_visible()
    with page.expect_response(lambda answer: "/api/grade/" in answer.url and answer.ok):
        page.locator(f"input#{ANSWER}").fill("18")
        page.locator(f"input#{ANSWER}").blur()
    with page.expect_response(lambda answer: "/api/comment/" in answer.url and answer.ok):
        page.locator(f"#{ANSWER}-comment").fill("Well said: **both** not zero?")
        page.locator(f"#{ANSWER}-comment").blur()

    page.goto("/formgrader/manage_submissions/01_vectors")
    ada = page.locator("tr:has(td:text-is('ada'))")
    expect(ada.locator(".status")).to_have_text("graded")
    ada.locator(".generate-feedback a").click()
    expect(page.locator("#success-modal")).to_contain_text("Successfully generated feedback")
    page.goto(feedback_page(autograded, vectors(autograded), "ada").as_uri())
    expect(page.get_by_text("98 of 100 points")).to_be_visible()
    expect(page.get_by_text("Well said")).to_be_visible()

    page.goto(write_report(autograded, [vectors(autograded)], tmp_path).as_uri())
    expect(page.get_by_text("adds instead of multiplying").first).to_be_visible()

    path, complete = export(autograded, vectors(autograded), Format.CSV, tmp_path / "grades.csv")
    with path.open(encoding="utf-8", newline="") as file:
        totals = {row["student"]: row["total"] for row in csv.DictReader(file)}
    assert complete
    assert float(totals["ada"]) == 98
    assert totals["ben"] == ""  # a written answer waits: blank, not 0
