"""nbgrader's parts of JupyterLab: Validate, the list of assignments, the formgrader."""

from __future__ import annotations

import getpass
import json
import shutil

from playwright.sync_api import Locator, Page, expect

from autograder.course import Course
from tests.gradebook.samples import ADDS, DOT, NORM, notebook_of


def validate(course: Course, page: Page, **sources: str) -> Locator:
    """What the button says of a notebook with these answers."""
    work = course.root / "work.ipynb"
    work.write_text(json.dumps(notebook_of(course, **sources)), encoding="utf-8")
    page.goto("/lab/tree/work.ipynb?reset")
    page.get_by_role("button", name="Validate").click()
    said = page.locator(".jp-Dialog")
    expect(said).to_contain_text("Validation Results")
    return said


def open_panel(page: Page, entry: str) -> None:
    """By its entry of the menu Nbgrader."""
    page.goto("/lab?reset")
    page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
    page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True).click()


def press_in_formgrader(page: Page, column: str, said: str) -> None:
    """A button of the assignment's row, and what comes of it."""
    page.goto("/formgrader/manage_assignments")
    page.locator(f"tr:has(td.name:has-text('01_vectors')) .{column} a").click()
    expect(page.locator("#success-modal, #error-modal")).to_contain_text(said)


def test_validate_says_that_all_is_well(course: Course, page: Page) -> None:
    said = validate(course, page, ex_dot=DOT, ex_norm=NORM, answer_orthogonal="Right angles.")
    expect(said).to_contain_text("Success! Your notebook passes all the tests.")


def test_validate_names_the_check_that_fails(course: Course, page: Page) -> None:
    alone = "def norm(x):\n    return sum(a * a for a in x) ** 0.5\n"
    said = validate(course, page, ex_dot=ADDS, ex_norm=alone, answer_orthogonal="Right angles.")
    expect(said).to_contain_text("CheckFailed: dot: 0 of 2 passed")
    expect(said).not_to_contain_text('check("norm")')


def test_the_menu_leads_to_the_formgrader(course: Course, page: Page) -> None:
    open_panel(page, "Formgrader")
    formgrader = page.frame_locator("iframe[src*=formgrader]")
    expect(formgrader.get_by_text("01_vectors").first).to_be_visible()


def test_where_there_is_an_exchange_a_notebook_goes_out_and_comes_back_by_its_buttons(
    course: Course, page: Page
) -> None:
    press_in_formgrader(page, "release", "Successfully released")
    open_panel(page, "Assignment List")
    page.get_by_role("button", name="Fetch", exact=True).click()
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_role("button", name="Fetch Feedback")).to_be_visible()
    press_in_formgrader(page, "collect", "Successfully collected")
    taken_in = course.root / "submitted" / getpass.getuser() / "01_vectors"
    assert {path.name for path in taken_in.iterdir()} >= {"01_vectors.ipynb", "timestamp.txt"}
    shutil.rmtree(taken_in.parent)  # nobody of the class
