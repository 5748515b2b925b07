"""Fixtures for the tests of the kit: a whole course of three exercises, free to be changed."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import Course
from tests.soak import soak_page

TINY_COURSE = Path(__file__).parent / "fixtures" / "tiny_course"
COUNT = "count of "
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".course")


@pytest.fixture
def tiny_course(tmp_path: Path) -> Course:
    """A copy of the tiny course."""
    return Course.find(shutil.copytree(TINY_COURSE, tmp_path / "tiny_course", ignore=LEFT_OUT))


@pytest.fixture
def replace_in() -> Callable[[Path, str, str], None]:
    """Replace a piece of a text file, which must be there."""

    def replace(path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{path.name} does not contain {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of `make soak`."""
    parser.addoption(
        "--soak",
        metavar="FILE",
        help="damage many more notebooks, kill the grader many more times, and write what was "
        "counted to a file",
    )


@pytest.fixture(scope="session")
def soaking(pytestconfig: pytest.Config) -> bool:
    """Whether tests that count do so many times more."""
    return bool(pytestconfig.getoption("--soak"))


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a folder's tests on one worker of pytest-xdist: they share costly fixtures."""
    if config.getoption("--soak"):
        return  # a few long tests: each wherever there is room
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.xdist_group(item.path.parent.name))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Print what tests counted by `record_property("count of SOMETHING", OUTCOME)`."""
    counts: dict[str, Counter[str]] = {}
    for report in terminalreporter.getreports("passed"):
        for name, outcome in report.user_properties:
            if name.startswith(COUNT):
                counts.setdefault(name.removeprefix(COUNT), Counter())[outcome] += 1
    for name, outcomes in sorted(counts.items()):
        terminalreporter.section(f"{outcomes.total()} {name}")
        for outcome, count in outcomes.most_common():
            terminalreporter.line(f"{count:5}  {outcome}")
    if (file := config.getoption("--soak")) and exitstatus == 0:
        seconds = {
            report.nodeid: report.duration for report in terminalreporter.getreports("passed")
        }
        Path(file).write_text(soak_page(counts, seconds), encoding="utf-8")
