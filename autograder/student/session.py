"""Runs an exercise's tests on an answer, with pytest, and says what each found."""

from __future__ import annotations

import hmac
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from autograder.student.errors import (
    CheckFailure,
    DeadlineExceeded,
    SubmissionError,
    UnreadableValue,
    WorkerDied,
)
from autograder.student.exercise import Graded, graded_methods
from autograder.student.submission import Submission
from autograder.student.verdicts import Outcome, Verdict

SubmissionFactory = Callable[[], Submission]
State = tuple[tuple[str, int, int], ...]

# Each costs a millisecond for each exercise of each student; the tests have two fixtures.
PLUGINS_WITHOUT_USE = (
    "terminal", "cacheprovider", "faulthandler", "warnings", "logging", "unraisableexception",
    "threadexception", "debugging", "unittest", "legacypath", "tmpdir", "monkeypatch", "recwarn",
    "pastebin", "doctest", "junitxml", "setuponly", "setupplan", "stepwise", "subtests",
)  # fmt: skip
MOST_DEADLINES = 3  # so that an answer without end costs minutes at most
MOST_KEPT = 8  # courses whose tests stay imported
_kept: dict[frozenset[Path], tuple[State, dict[str, ModuleType]]] = {}


def run_tests(
    exercise: str,
    modules: Sequence[Path],
    submission: SubmissionFactory,
    *,
    root: Path,
    secret: bytes = b"",
    on_test: Callable[[str], None] | None = None,
    known: Mapping[str, Verdict] | None = None,
) -> tuple[Verdict, ...]:
    """Run the tests of one exercise.

    After `MOST_DEADLINES` tests ran out of time, the others are not checked.

    Args:
        exercise: its id.
        modules: test files, public ones first; those without tests of the exercise are passed over.
        submission: gives the fixture `submission` of each test.
        root: folder that the tests import from.
        secret: key of the fixture `draw`; empty for public tests.
        on_test: told the name of each test before it runs.
        known: verdicts of an earlier run, by test, that stand; these tests are not run.

    Returns:
        A verdict for each test, in the order of the files.

    Raises:
        LookupError: no test of the exercise was found, or a file could not be imported.
    """
    plugin = _Judgement(exercise, submission, secret, on_test, known or {})
    arguments = [
        "--disable-plugin-autoload",
        "--import-mode=importlib",
        "--noconftest",
        "--capture=no",
        *(f"-pno:{plugin}" for plugin in PLUGINS_WITHOUT_USE),
        f"--rootdir={root}",
        "--override-ini=addopts=",
        *(str(module) for module in modules),
    ]
    with _importing_from(root), _imported_as_they_are({module.parent for module in modules}):
        pytest.main(arguments, plugins=[plugin])
    if plugin.broken:
        raise LookupError(f"the tests of {exercise} cannot be imported: {plugin.broken[0]}")
    if not plugin.verdicts:
        names = ", ".join(module.name for module in modules)
        raise LookupError(f"no test of exercise {exercise!r} in {names}")
    return tuple(plugin.verdicts[name] for name in plugin.order if name in plugin.verdicts)


class _Judgement:
    """A pytest plugin: selects an exercise's tests, runs them in order, keeps their verdicts."""

    def __init__(
        self,
        exercise: str,
        submission: SubmissionFactory,
        secret: bytes,
        on_test: Callable[[str], None] | None,
        known: Mapping[str, Verdict],
    ) -> None:
        self._exercise = exercise
        self._submission = submission
        self._secret = secret
        self._on_test = on_test or (lambda name: None)
        self.verdicts: dict[str, Verdict] = dict(known)
        self.order: list[str] = []
        self.broken: list[str] = []

    @pytest.fixture
    def submission(self) -> Submission:
        """The answer under test."""
        return self._submission()

    @pytest.fixture
    def draw(self, request: pytest.FixtureRequest) -> torch.Generator:
        """A generator of inputs: the same for every answer, unknown without the secret."""
        return generator_for(self._secret, f"{self._exercise}.{request.node.name}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr).strip().splitlines()[-1])

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        graded = [item for item in items if _class_of(item) is not None]
        mine = [item for item in graded if _class_of(item).exercise_id == self._exercise]
        self.order = [item.name for item in mine]
        items[:] = [item for item in mine if item.name not in self.verdicts]

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._on_test(item.name)
        for name in _graded(item).after:
            before = self.verdicts.get(name)
            if before is None or before.outcome is not Outcome.PASSED:
                raise _NotChecked(f"“{before.title if before else name}” did not pass")
        late = [v for v in self.verdicts.values() if v.cause == DeadlineExceeded.__name__]
        if len(late) >= MOST_DEADLINES:
            raise _NotChecked(f"{len(late)} of the tests before it ran out of time")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        report = yield
        error = call.excinfo.value if call.excinfo else None
        if error is not None and not isinstance(error, Exception):
            raise error  # an interrupt ends the run
        if call.when == "call" or (call.when == "setup" and error is not None):
            self.verdicts[item.name] = judge(item, error)
        return report


def generator_for(secret: bytes, label: str) -> torch.Generator:
    """A generator seeded by a label, and keyed by a secret."""
    digest = hmac.digest(secret or b"public", label.encode(), "sha256")
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


class _NotChecked(Exception):
    """Why a test was not run."""


def judge(item: Any, error: Exception | None) -> Verdict:
    """The verdict on a test that ended with `error` (None: it passed)."""
    mark = _graded(item)

    def verdict(outcome: Outcome, points: float | None, **rest: Any) -> Verdict:
        hidden = bool(_class_of(item).hidden)
        return Verdict(item.name, mark.title, hidden, outcome, points, mark.points, **rest)

    if error is None:
        return verdict(Outcome.PASSED, mark.points)
    if isinstance(error, _NotChecked):
        return verdict(Outcome.NOT_CHECKED, 0.0, message=f"not checked, because {error}")
    cause = type(error).__name__
    if isinstance(error, CheckFailure):
        return verdict(
            Outcome.FAILED,
            0.0,
            message=error.rationale,
            help=error.help,
            diagnosis=error.diagnosis,
            cause=cause,
        )
    if isinstance(error, SubmissionError):
        outcome = Outcome.NOT_STARTED if error.not_started else Outcome.FAILED
        if error.not_started or isinstance(error, DeadlineExceeded | WorkerDied | UnreadableValue):
            message = error.message
        else:
            message = f"Your code raised {error}."
        return verdict(outcome, 0.0, message=message, cause=error.types[0])
    if isinstance(error, AssertionError):
        return verdict(Outcome.FAILED, 0.0, message=str(error), cause=cause)
    last = traceback.extract_tb(error.__traceback__)[-1]
    message = f"{cause}: {error} ({Path(last.filename).name}, line {last.lineno})"
    return verdict(Outcome.GRADER_ERROR, None, message=message, cause=cause)


def _class_of(item: Any) -> Any:
    cls = getattr(item, "cls", None)
    return cls if hasattr(cls, "exercise_id") else None


def _graded(item: Any) -> Graded:
    marks = dict(graded_methods(_class_of(item)))
    try:
        return marks[item.originalname]
    except KeyError:
        raise LookupError(f"{item.nodeid} has no points: decorate it with @graded") from None


@contextmanager
def _imported_as_they_are(folders: set[Path]) -> Iterator[None]:
    """Give the tests' packages as their files are now: imported anew when one was edited.

    A long-lived process must not run tests edited since, and two courses may have packages of the
    same name.
    """
    key = frozenset(folders)
    names = {folder.name for folder in folders}
    before = _modules_of(names)
    state, modules = _kept.get(key, ((), {}))
    _replace_modules(names, modules if state == _state_of(modules) else {})
    try:
        yield
    finally:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        modules = _modules_of(names)
        _kept[key] = _state_of(modules), modules
        _replace_modules(names, before)


def _modules_of(packages: set[str]) -> dict[str, ModuleType]:
    return {n: m for n, m in sys.modules.items() if n.partition(".")[0] in packages}


def _replace_modules(packages: set[str], modules: dict[str, ModuleType]) -> None:
    for name in _modules_of(packages):
        del sys.modules[name]
    sys.modules.update(modules)


def _state_of(modules: dict[str, ModuleType]) -> State:
    """Times and sizes of the files that modules were loaded from."""
    stats = []
    for module in modules.values():
        if module.__file__ is not None:
            with suppress(FileNotFoundError):
                stat = os.stat(module.__file__)
                stats.append((module.__file__, stat.st_mtime_ns, stat.st_size))
    return tuple(stats)


@contextmanager
def _importing_from(root: Path) -> Iterator[None]:
    """Let tests import the packages beside them; leave the interpreter as it was."""
    variable = "PYTEST_CURRENT_TEST"
    before, path = os.environ.get(variable), list(sys.path)
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path[:] = path
        if before is not None:
            os.environ[variable] = before
