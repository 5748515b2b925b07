"""Runs the tests of exercises on answers, with pytest, and gives a verdict for each test."""

from __future__ import annotations

import hmac
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from autograder.testing.declarations import GradedTest, graded_methods
from autograder.testing.errors import (
    CheckFailure,
    DeadlineExceeded,
    SubmissionError,
    UnreadableValue,
    WorkerDied,
)
from autograder.testing.imports import imported_as_they_are, package_of
from autograder.testing.submission import Submission
from autograder.testing.verdicts import Outcome, Verdict

SubmissionFactory = Callable[[], Submission]

# Each costs a millisecond for each exercise of each student; the tests have two fixtures.
PLUGINS_WITHOUT_USE = (
    "terminal", "cacheprovider", "faulthandler", "warnings", "logging", "unraisableexception",
    "threadexception", "debugging", "unittest", "legacypath", "tmpdir", "monkeypatch", "recwarn",
    "pastebin", "doctest", "junitxml", "setuponly", "setupplan", "stepwise", "subtests",
)  # fmt: skip
MOST_DEADLINES = 3  # so that an answer without end costs minutes at most


@dataclass(frozen=True)
class Trial:
    """An answer to an exercise, and how the exercise's tests are run on it.

    Attributes:
        submission: makes the fixture `submission` of each test.
        on_test: called with the name of each test before the test runs.
        known: verdicts of an earlier run that stand, by test; the tests are not run again.
    """

    submission: SubmissionFactory
    on_test: Callable[[str], None] = lambda name: None
    known: Mapping[str, Verdict] = field(default_factory=dict)


def run_tests(
    exercise: str,
    modules: Sequence[Path],
    submission: SubmissionFactory,
    *,
    root: Path,
    secret: bytes = b"",
) -> tuple[Verdict, ...]:
    """Run the tests of one exercise; see `run_trials`.

    Raises:
        LookupError: there is no test of the exercise, or a test file cannot be imported.
    """
    trials = {exercise: Trial(submission)}
    found = run_trials(trials, modules, root=root, secret=secret)
    return verdicts_of(exercise, found, modules)


def verdicts_of(
    exercise: str, found: Mapping[str, tuple[Verdict, ...]], modules: Sequence[Path]
) -> tuple[Verdict, ...]:
    """Return the verdicts of an exercise among the verdicts that `run_trials` gave.

    Raises:
        LookupError: there is no verdict of the exercise.
    """
    if exercise not in found:
        names = ", ".join(module.name for module in modules)
        raise LookupError(f"no test of exercise {exercise!r} in {names}")
    return found[exercise]


def run_trials(
    trials: Mapping[str, Trial], modules: Sequence[Path], *, root: Path, secret: bytes = b""
) -> dict[str, tuple[Verdict, ...]]:
    """Run the tests of some exercises, one exercise after the other.

    After `MOST_DEADLINES` tests of an exercise ran out of time, its other tests are not checked.

    Args:
        trials: trials by id of the exercise, in the order in which they are run.
        modules: test files, public ones first; files without tests of the exercises are passed
            over.
        root: folder that the tests import from.
        secret: key of the fixture `draw`; empty for public tests.

    Returns:
        By exercise, a verdict for each test, in the order of the files. An exercise without tests
        is left out, and so is an exercise whose tests did not all end.

    Raises:
        LookupError: a test file cannot be imported.
    """
    plugin = _Judgement(trials, secret)
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
    packages = {package_of(module, root) for module in modules}
    with _importing_from(root), imported_as_they_are(packages):
        pytest.main(arguments, plugins=[plugin])
    if plugin.broken:
        names = ", ".join(trials)
        raise LookupError(f"the tests of {names} cannot be imported: {plugin.broken[0]}")
    return {
        exercise: tuple(plugin.verdicts[exercise][name] for name in names)
        for exercise, names in plugin.order.items()
        if names and plugin.verdicts[exercise].keys() >= set(names)
    }


class _Judgement:
    """A pytest plugin that selects exercises' tests, runs them in order and keeps the verdicts."""

    def __init__(self, trials: Mapping[str, Trial], secret: bytes) -> None:
        self._trials = trials
        self._secret = secret
        self.verdicts = {exercise: dict(trial.known) for exercise, trial in trials.items()}
        self.order: dict[str, list[str]] = {exercise: [] for exercise in trials}
        self.broken: list[str] = []

    @pytest.fixture
    def submission(self, request: pytest.FixtureRequest) -> Submission:
        """The answer under test."""
        return self._trials[request.cls.exercise_id].submission()

    @pytest.fixture
    def draw(self, request: pytest.FixtureRequest) -> torch.Generator:
        """The generator of inputs: the same for every answer, and unknown without the secret."""
        label = f"{request.cls.exercise_id}.{request.node.name}"
        return generator_for(self._secret, label)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr).strip().splitlines()[-1])

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(
        self, collector: pytest.Collector, obj: object
    ) -> list[Any] | None:
        """Collect nothing of a module but the test classes of these exercises."""
        if not isinstance(collector, pytest.Module):
            return None
        wanted = isinstance(obj, type) and getattr(obj, "exercise_id", None) in self._trials
        return None if wanted else []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        mine: dict[str, list[pytest.Item]] = {exercise: [] for exercise in self._trials}
        for item in items:
            if _class_of(item) is not None:
                mine[_exercise_of(item)].append(item)
        self.order = {exercise: [item.name for item in own] for exercise, own in mine.items()}
        items[:] = [
            item
            for exercise, own in mine.items()
            for item in own
            if item.name not in self.verdicts[exercise]
        ]

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        exercise = _exercise_of(item)
        verdicts = self.verdicts[exercise]
        self._trials[exercise].on_test(item.name)
        for name in _graded(item).after:
            before = verdicts.get(name)
            if before is None or before.outcome is not Outcome.PASSED:
                raise _NotChecked(f"“{before.title if before else name}” did not pass")
        late = [v for v in verdicts.values() if v.cause == DeadlineExceeded.__name__]
        if len(late) >= MOST_DEADLINES:
            raise _NotChecked(f"{len(late)} of the tests before it ran out of time")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport:
        """Keep the verdict; report the outcome alone.

        pytest's own report holds the failure as text, with the source of every frame. Nobody reads
        it, and making it takes as long as the tests.
        """
        error = call.excinfo.value if call.excinfo else None
        if error is not None and not isinstance(error, Exception):
            raise error  # an interrupt ends the run
        if call.when == "call" or (call.when == "setup" and error is not None):
            self.verdicts[_exercise_of(item)][item.name] = judge(item, error)
        assert call.when != "collect"
        outcome: Literal["passed", "failed"] = "passed" if error is None else "failed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)


def generator_for(secret: bytes, label: str) -> torch.Generator:
    """Return a generator that is seeded by a label and keyed by a secret."""
    digest = hmac.digest(secret or b"public", label.encode(), "sha256")
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


class _NotChecked(Exception):
    """A test is not run; the message says why."""


def judge(item: Any, error: Exception | None) -> Verdict:
    """Return the verdict on a test that ended with `error`; None for a test that passed."""
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


def _exercise_of(item: Any) -> str:
    return str(item.cls.exercise_id)


def _graded(item: Any) -> GradedTest:
    marks = dict(graded_methods(_class_of(item)))
    try:
        return marks[item.originalname]
    except KeyError:
        raise LookupError(f"{item.nodeid} has no points: decorate it with @graded") from None


@contextmanager
def _importing_from(root: Path) -> Iterator[None]:
    """Let tests import the packages of a folder until the block ends."""
    variable = "PYTEST_CURRENT_TEST"
    before, path = os.environ.get(variable), list(sys.path)
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path[:] = path
        if before is not None:
            os.environ[variable] = before
