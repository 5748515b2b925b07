"""Pages with hostile work in them, in a real browser: nothing of it runs or leads anywhere.

Chromium loads each page, runs what scripts there are, and prints the tree that it ended with.
The formgrader shows the same notebooks: `autograded/STUDENT/` of the class that is graded here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.nbgrader.feedback import write_feedback
from autograder.report.page import write_report
from autograder.report.questions import write_questions
from tests.attacks.conftest import ATTACKS, HostileClass
from tests.gradebook.samples import vectors

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
SHOWN = [attack for attack in ATTACKS if attack.pages or attack.never_in_feedback]
RUN_ALREADY = re.compile(r"<html[^>]*data-ran=")

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")


class Links(HTMLParser):
    """Where a page leads to, and what would run when it is touched."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            target = "".join((value or "").split()).lower()
            if (
                (name in ("href", "src", "action", "xlink:href") and "script:" in target)
                or name.startswith("on")
                or name == "srcdoc"
            ):
                self.found.append(f"{tag} {name}={value}")


def loaded(page: Path, profile: Path) -> str:
    """The tree of a page after its scripts ran."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND",
        "--virtual-time-budget=3000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.fixture(scope="module")
def pages(hostile_class: HostileClass, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What students and graders open after a class with hostile work was graded."""
    course, assignment = hostile_class.course, vectors(hostile_class.course)
    reports = tmp_path_factory.mktemp("reports")
    feedback = write_feedback(course, assignment, students=[attack.student for attack in SHOWN])
    assert not feedback.problems
    return {
        **feedback.pages,
        "report": write_report(course, [assignment], reports),
        "questions": write_questions(course, assignment, reports, server="http://localhost"),
    }


def test_the_browser_would_notice(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<img src=x onerror=\"document.documentElement.setAttribute('data-ran','x')\">")
    assert RUN_ALREADY.search(loaded(page, tmp_path / "profile"))


@pytest.mark.parametrize("name", [*(attack.student for attack in SHOWN), "report", "questions"])
def test_nothing_that_was_handed_in_runs_on_a_page(
    pages: dict[str, Path], tmp_path: Path, name: str
) -> None:
    tree = loaded(pages[name], tmp_path / "profile")
    assert len(tree) > 1000
    assert not RUN_ALREADY.search(tree)
    links = Links()
    links.feed(tree)
    assert not [link for link in links.found if "data-ran" in link]
    assert not [link for link in links.found if link.startswith(("a ", "iframe ", "form "))]


def test_students_see_nothing_of_hidden_tests(pages: dict[str, Path]) -> None:
    for attack in SHOWN:
        if attack.never_in_feedback:
            page = pages[attack.student].read_text(encoding="utf-8")
            told = page.partition('class="check-result')[2]
            assert told
            assert attack.never_in_feedback not in told


def test_the_report_names_every_attack(pages: dict[str, Path], hostile_class: HostileClass) -> None:
    report = pages["report"].read_text(encoding="utf-8")
    for student in hostile_class.lines:
        assert student in report
    for said in (
        "kept out: ", "more time than this test allows", "ended before it answered",
        "sent not a frame", "share their bytes", "is defined in", "the notebook file is damaged",
    ):  # fmt: skip
        assert said in report, said
