"""Runs `check("...")` in a notebook: an exercise's public tests on the answer in this kernel."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, ClassVar

from autograder.answers.artifacts import read_artifact
from autograder.student.manifest import ExerciseEntry, Manifest, find_manifest
from autograder.student.rendering import headline, html, text
from autograder.testing.errors import CheckFailed, NotDoneYet, is_not_done
from autograder.testing.reading import with_helpers
from autograder.testing.submission import InProcess, Submission
from autograder.testing.verbs import SEED, Server, seed_everything
from autograder.testing.verdicts import Outcome, Result


def check(exercise: str) -> None:
    """Check your answer to an exercise, and show what is right, what is wrong, and why.

    Only the public tests run. The table says what else will be graded.

    Args:
        exercise: id of the exercise, as in the heading above the cell.

    Raises:
        CheckFailed: something is not right yet; the table says what.
        LookupError: no exercise has this id.
    """
    manifest = find_manifest()
    entry = manifest.exercise(exercise)
    result = run_public_tests(manifest, entry, notebook_namespace())
    _show(result, entry)
    if not result.passed:
        raise CheckFailed(_headline_of_failure(result))


def run_public_tests(
    manifest: Manifest, entry: ExerciseEntry, namespace: Mapping[str, Any]
) -> Result:
    """Run an exercise's public tests on the answer in a namespace, and on its artifact on disk."""
    # Here, not at the top: a set-up cell imports this file in the worker too, without pytest.
    from autograder.testing.session import run_tests

    def answer() -> Any:
        if entry.name not in namespace:
            raise NotDoneYet(f"{entry.name} is not defined: run the cell above first")
        return namespace[entry.name]

    library = entry.object.partition(".")[0]
    tests = manifest.root / entry.tests
    probes = manifest.root / PurePosixPath(entry.tests).parts[0] / "probes"
    artifact = read_artifact(manifest.root, entry.artifact)

    def submission() -> Submission:
        seed_everything(SEED)
        server = Server(answer, probes=probes, library=library)
        return Submission(InProcess(server), source_of(entry.name, namespace), artifact)

    verdicts = run_tests(entry.id, [tests], submission, root=manifest.root)
    return Result(entry.id, verdicts)


class needs:  # noqa: N801 - reads as a sentence in a notebook: `with needs("..."):`
    """A block that uses exercises, and says "Finish ... first" while an exercise has no answer.

    A later block says the same when it lacks the variables of a block that could not run.

    Args:
        exercises: ids of the exercises that the block calls.
    """

    _waiting: ClassVar[set[str]] = set()  # exercises whose blocks could not run

    def __init__(self, *exercises: str) -> None:
        self._exercises = exercises

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None:
            needs._waiting.difference_update(self._exercises)
        names = " and ".join(self._exercises)
        if is_not_done(error):
            needs._waiting.update(self._exercises)
            print(f"Finish {names} first: this cell waits for it. ({error})")
            return True
        if isinstance(error, NameError) and needs._waiting.intersection(self._exercises):
            print(f"Finish {names} first, and run the cells above again. ({error})")
            return True
        return False


def notebook_namespace() -> dict[str, Any]:
    """Return the variables of the running notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.user_ns if shell is not None else vars(sys.modules["__main__"])


def source_of(name: str, namespace: Mapping[str, Any]) -> str:
    """Return the source of an object of the notebook, and of the notebook's functions it calls."""

    def source(name: str) -> str | None:
        value = namespace.get(name)
        if getattr(value, "__module__", None) != "__main__":
            return None
        try:
            return inspect.cleandoc(inspect.getsource(value))  # type: ignore[arg-type]
        except (OSError, TypeError):
            return None

    return with_helpers(name, source)


def _headline_of_failure(result: Result) -> str:
    if all(v.outcome in (Outcome.NOT_STARTED, Outcome.NOT_CHECKED) for v in result.verdicts):
        return f"{result.exercise} is not done yet"
    return headline(result, None)


def _show(result: Result, entry: ExerciseEntry) -> None:
    """Show a result, as HTML in a notebook and as plain text elsewhere."""
    plain = text(result, entry)
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(plain)
        return
    hints = () if result.passed else entry.hints
    bundle = {"text/plain": plain, "text/html": html(result, entry, hints=hints)}
    ipython.display.display(bundle, raw=True)
