"""Fixtures for the tests of the kit: a whole course of three exercises, free to be changed."""

import os
import shutil
import tempfile
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
REAL_HOME, OWN_HOME = "REAL_HOME_OF_TESTS", "OWN_HOME_OF_TESTS"
ENTRIES = pytest.StashKey[set[str]]()
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".course")


def _leave_home() -> bool:
    """Give the whole run a home of its own, so that no test writes into the user's home.

    Workers, and runs that a test starts, inherit the home. It is made before anything is imported
    that looks for its settings there.

    Returns:
        Whether this process made the home, and so has to remove it.
    """
    if OWN_HOME in os.environ:
        return False
    own = tempfile.mkdtemp(prefix="home-of-tests-")
    os.chmod(own, 0o755)  # tests as an ordinary user look into it, too
    os.environ.update({REAL_HOME: str(Path.home()), OWN_HOME: own, "HOME": own})
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        del os.environ[name]
    return True


IS_MAKER_OF_HOME = _leave_home()


def _entries_of_home() -> set[str]:
    """Return what lies in the user's home, two folders deep."""
    home = Path(os.environ[REAL_HOME])
    return {str(path) for pattern in ("*", ".*", ".*/*") for path in home.glob(pattern)}


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Note what is in the user's home."""
    if not hasattr(session.config, "workerinput"):
        session.config.stash[ENTRIES] = _entries_of_home()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when something new is in the user's home, and remove the tests' own home.

    A run that a test starts leaves the home to the run that made it.
    """
    before = session.config.stash.get(ENTRIES, None)
    if before is None:
        return
    if new := sorted(_entries_of_home() - before):
        print(f"\nThe tests wrote into the user's home: {', '.join(new)}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if IS_MAKER_OF_HOME:
        shutil.rmtree(os.environ[OWN_HOME], ignore_errors=True)


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


class _ByWhatIsShared(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps on one worker what shares a costly fixture; the other tests are alone.

    The tests of a folder share fixtures, and the variants of an exercise share the judge's warm
    process. pytest-xdist's own groups (3.8.0) are silently none with pytest 9.2, whose node ids
    are new.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(nodeid.partition("::")[0])
        if file.parts[0] == Path(__file__).parent.name:
            return str(file.parent)
        if file.name == "test_variants.py" and "[" in nodeid:
            exercise = nodeid.partition("[")[2].rstrip("]").partition("-")[0]
            return f"{file}[{exercise}]"
        return nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """By what tests share, unless the command says otherwise, as that of the soak does."""
    return _ByWhatIsShared(config, log) if config.getoption("dist") == "loadgroup" else None


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
