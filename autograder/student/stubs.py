"""Stubs, which stand in the library for exercises and call the student's own answers.

A stub looks for the answer first in the running notebook, then in an earlier notebook of the
workspace. When it finds none, it raises `NotDoneYet`, which says where to write the answer. So
students train, at the end, a system that they wrote.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from autograder.answers.program import Program, execute, program_for
from autograder.student.manifest import FILE, Manifest, read_manifest
from autograder.student.workspace import SETUP, released_setup
from autograder.testing.declarations import Exercise
from autograder.testing.errors import NotDoneYet

Object = TypeVar("Object", bound=Callable[..., Any])

_STUB = "__unanswered__"
_answers: dict[tuple[Path, str], tuple[tuple[int, int], Any]] = {}
_running: set[tuple[Path, str]] = set()


class AnswerError(RuntimeError):
    """The student's answer in an earlier notebook cannot be run."""


def unanswered(id: str) -> Callable[[Object], Object]:
    """Make a stub of the function or class of an exercise that has no body in this edition.

    A call of the stub calls the student's own answer.

    Args:
        id: id of the exercise.
    """

    def decorate(stub: Object) -> Object:
        return _class(stub, id) if isinstance(stub, type) else _function(stub, id)

    return decorate


def is_stub(value: Any) -> bool:
    """Return whether an object is a stub."""
    return _STUB in getattr(value, "__dict__", {})


def _function(stub: Any, id: str) -> Any:
    @functools.wraps(stub)
    def answer(*args: Any, **kwargs: Any) -> Any:
        return _call(stub.__name__, id, args, kwargs)

    setattr(answer, _STUB, id)
    return answer


def _class(stub: Any, id: str) -> Any:
    def new(cls: type, *args: Any, **kwargs: Any) -> Any:
        if cls is not stub:
            raise NotDoneYet(f"{cls.__name__} stands on {stub.__name__}, which has no answer yet")
        return _call(stub.__name__, id, args, kwargs)

    stub.__new__ = new
    setattr(stub, _STUB, id)
    return stub


def _call(name: str, id: str, args: tuple, kwargs: dict[str, Any]) -> Any:
    answer = _in_running_notebook(name)
    if answer is None:
        answer = _Place(id, name).earlier_answer()
    if answer is None:
        raise NotDoneYet(_Place(id, name).message)
    try:
        return answer(*args, **kwargs)
    except NotDoneYet as error:
        if str(error) != str(NotDoneYet()):  # from another exercise: the message names it already
            raise
        raise NotDoneYet(_Place(id, name).message) from None


def _in_running_notebook(name: str) -> Any:
    """Return what the running notebook defines under a name; None when that is only a stub."""
    found = vars(sys.modules["__main__"]).get(name)
    return found if callable(found) and not is_stub(found) else None


class _Place:
    """The place of an exercise in the workspace around the kernel.

    Args:
        id: id of the exercise.
        name: name that the answer defines.
    """

    def __init__(self, id: str, name: str) -> None:
        self.id = id
        self.name = name
        self.manifest = _manifest(Path.cwd())

    @property
    def message(self) -> str:
        """A message that says that the exercise has no answer yet, and where to write it."""
        if self.manifest is None or self.id not in self.manifest.exercises:
            return f"{self.name} has no answer yet (exercise {self.id})"
        entry = self.manifest.exercises[self.id]
        return (
            f"{self.name} has no answer yet: write it in {entry.assignment}.ipynb, "
            f'exercise "{entry.title}" ({self.id})'
        )

    def earlier_answer(self) -> Any:
        """Return the answer in the exercise's notebook, or None.

        Of several workspaces, this one counts first, then the newest that has an answer.
        """
        if self.manifest is None or self.id not in self.manifest.exercises:
            return None
        notebook = f"{self.manifest.exercises[self.id].assignment}.ipynb"
        for folder in _workspaces(self.manifest):
            path = folder / notebook
            if path.is_file():
                answer = self._answer_in(path, self.manifest)
                if answer is not None:
                    return answer
        return None

    def _answer_in(self, path: Path, manifest: Manifest) -> Any:
        """Return the answer in a notebook, or None; run a notebook again only if it has changed."""
        key = (path, self.id)
        if key in _running:  # while the answer is being defined, it calls itself by the library
            return None
        stat = path.stat()
        content = (stat.st_mtime_ns, stat.st_size)
        if key not in _answers or _answers[key][0] != content:
            _running.add(key)
            try:
                _answers[key] = (content, self._run(path, manifest))
            finally:
                _running.discard(key)
        return _answers[key][1]

    def _run(self, path: Path, manifest: Manifest) -> Any:
        program = program_in_notebook(path, manifest, self.id)
        namespace: dict[str, Any] = {"__name__": f"answers_of_{path.stem}"}
        try:
            execute(program, namespace)
        except NotDoneYet:
            return None
        except Exception as error:
            raise AnswerError(
                f"your answer to {self.id} in {path.name} raised {type(error).__name__} when it "
                f"was defined: {error}"
            ) from error
        answer = namespace.get(self.name)
        return answer if callable(answer) and not is_stub(answer) else None


def program_in_notebook(path: Path, manifest: Manifest, id: str) -> Program:
    """Return the program of an exercise in a notebook of the workspace.

    The names of the other exercises are bound to the library's objects.

    Args:
        path: path of the notebook.
        manifest: manifest of the workspace.
        id: id of the exercise.

    Raises:
        AnswerError: the notebook cannot be read.
    """
    entry = manifest.exercise(id)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AnswerError(f"{path.name} is damaged: {error}. Save it again.") from error
    others = {
        other.name: other.object
        for other in manifest.exercises.values()
        if other.assignment <= entry.assignment and other.id != id
    }
    return program_for(
        _exercise(entry),
        notebook,
        setup=_setup_of(manifest, entry.assignment, notebook),
        bindings=others,
        other_ids=list(manifest.exercises),
    )


def _exercise(entry: Any) -> Exercise:
    return Exercise(entry.id, entry.object, entry.title, entry.difficulty, entry.minutes)


def _setup_of(manifest: Manifest, assignment: str, notebook: Any) -> str:
    """Return the source of the set-up cell: the released cell, or else the notebook's own cell."""
    released = released_setup(manifest.root / FILE, assignment)
    if released is not None:
        return released
    for cell in notebook.get("cells", []) if isinstance(notebook, dict) else []:
        if isinstance(cell, dict) and cell.get("id") == SETUP:
            source = cell.get("source", "")
            return "".join(source) if isinstance(source, list) else str(source)
    return ""


def _workspaces(manifest: Manifest) -> Iterator[Path]:
    """Give the workspace, then the workspaces of other releases of the course beside it."""
    yield manifest.root
    course = manifest.root.name.rpartition("-")[0]
    beside = sorted(
        (path for path in manifest.root.parent.glob(f"{course}-*/{FILE}") if course),
        key=lambda path: path.stat().st_mtime_ns,
        reverse=True,
    )
    for path in beside:
        other = _read(path, path.stat().st_mtime_ns)
        if path.parent != manifest.root and other is not None and other.course == manifest.course:
            yield path.parent


def _manifest(folder: Path) -> Manifest | None:
    """Return the manifest of the workspace around a folder.

    Outside a workspace, as in the sandbox, return None.
    """
    for parent in (folder, *folder.parents):
        path = parent / FILE
        if path.is_file():
            return _read(path, path.stat().st_mtime_ns)
    return None


@functools.lru_cache(maxsize=64)
def _read(path: Path, mtime: int) -> Manifest | None:
    try:
        return read_manifest(path)
    except ValueError:
        return None
