"""Fixtures for the tests of the kit: a whole course of three exercises, free to be changed."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

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


class _ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps a folder's tests on one worker, since they share costly fixtures; others are alone.

    pytest-xdist's own groups (3.8.0) are silently none with pytest 9.2, whose node ids are new.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(nodeid.partition("::")[0])
        return str(file.parent) if file.parts[0] == Path(__file__).parent.name else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """By folder, unless the command says otherwise, as that of the soak does."""
    return _ByFolder(config, log) if config.getoption("dist") == "loadgroup" else None


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
