"""Checks a notebook in a clean kernel, and packs it into the zip that a student hands in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from autograder.answers.artifacts import handed_in_as, read_artifact
from autograder.answers.program import execute
from autograder.student.manifest import ExerciseEntry, Manifest, find_manifest
from autograder.student.rendering import text
from autograder.student.stubs import program_in_notebook
from autograder.student.workspace import digest, write_zip
from autograder.testing.errors import NotDoneYet
from autograder.testing.verdicts import Result

EXERCISE_SECONDS = 180
MAX_NOTEBOOK = 32 << 20  # bytes; a larger notebook has outputs that nobody will read
MIME = "application/vnd.course-check+json"
RECEIPT = "submission.json"
UNANSWERED = ("", "YOUR ANSWER HERE")


@dataclass(frozen=True)
class CheckedExercise:
    """The result of an exercise's public tests on a saved notebook.

    Attributes:
        entry: the exercise.
        result: result of the tests; None when they could not be run.
        remarks: how the answer was found, and errors of the notebook's cells.
    """

    entry: ExerciseEntry
    result: Result | None
    remarks: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all public tests passed."""
        return self.result is not None and self.result.passed

    def lines(self) -> list[str]:
        """Return the lines to show to the student."""
        shown = f"{self.entry.id}: not checked" if self.result is None else text(self.result)
        remarks = [f"    note: {remark}" for remark in self.remarks]
        return [*(f"  {line}" for line in shown.splitlines()), *remarks]


@dataclass(frozen=True)
class CheckedNotebook:
    """The results of a notebook's public checks, and what the checks do not cover.

    Attributes:
        assignment: name of the assignment.
        notebook: path of the notebook.
        untouched: whether the notebook is still the released one.
        exercises: the checked exercises, in the order of the course.
        written: points of the questions that a person grades, by id of the question.
        unanswered: ids of the questions that have no answer.
        missing: paths of the artifacts that are not in the workspace.
        archive: the zip to hand in; None when the notebook was only checked.
    """

    assignment: str
    notebook: Path
    untouched: bool
    exercises: tuple[CheckedExercise, ...]
    written: dict[str, float]
    unanswered: tuple[str, ...]
    missing: tuple[str, ...] = ()
    archive: Path | None = None

    @property
    def passed(self) -> bool:
        """Whether every public test passed."""
        return all(exercise.passed for exercise in self.exercises)

    def __str__(self) -> str:
        lines = [
            f"{self.notebook.name}, {self._age()}, in a clean kernel:",
            *(line for exercise in self.exercises for line in exercise.lines()),
            "",
            *self._coverage(),
        ]
        if self.archive is not None:
            lines += ["", f"Hand in this file: {self.archive}"]
        return "\n".join(lines)

    def _age(self) -> str:
        """Return when the notebook was saved, in words, so that a forgotten save is noticed."""
        if self.untouched:
            return "as it was released"
        saved = datetime.fromtimestamp(self.notebook.stat().st_mtime)
        return f"as saved on {saved:%d %B %Y at %H:%M}"

    def _coverage(self) -> list[str]:
        """Return lines that say what the public checks do not cover."""
        hidden = [(e.entry, test) for e in self.exercises for test in e.entry.hidden]
        checked = [each.result for each in self.exercises if each.result]
        earned = sum(result.points or 0.0 for result in checked)
        possible = sum(test.points for e in self.exercises for test in e.entry.public)
        lines = [
            f"These were the public tests only, {earned:g} of {possible:g} points. What else is "
            "graded:"
        ]
        if hidden:
            points = sum(test.points for _, test in hidden)
            lines.append(f"  hidden tests, {points:g} points, which run after you hand in:")
            lines += [f"      {e.id}: {test.title} ({test.points:g})" for e, test in hidden]
        if self.written:
            points = sum(self.written.values())
            lines.append(
                f"  written answers, {points:g} points, read by a person: "
                + ", ".join(self.written)
            )
            lines += [f"      {id} is still empty" for id in self.unanswered]
        lines += [
            f"  {artifact} is not there and is not handed in: run the cell that saves it"
            for artifact in self.missing
        ]
        return lines


def check_notebook(prefix: str, *, start: Path | None = None) -> CheckedNotebook:
    """Run an assignment's public checks on its saved notebook, in a clean kernel.

    The kernel runs what graders run: the set-up cell, then the imports, definitions and literals of
    the other cells, then the answer.

    Args:
        prefix: beginning of the assignment's name.
        start: a folder in the workspace; default the working directory.

    Raises:
        ValueError: there is no such assignment, or its notebook cannot be read.
    """
    manifest = find_manifest(start)
    assignment = _assignment(manifest, prefix)
    path = _notebook(manifest, assignment)
    notebook = _read(path)
    entries = [e for e in manifest.exercises.values() if e.assignment == assignment]
    written = _written_answers(notebook)
    made = _artifacts(manifest, assignment)
    return CheckedNotebook(
        assignment,
        path,
        digest(path.read_bytes()) == manifest.files.get(path.name),
        tuple(_in_clean_kernel(manifest, path, entries)),
        {id: points for id, (points, _) in written.items()},
        tuple(id for id, (_, text) in written.items() if text.strip() in UNANSWERED),
        tuple(e.artifact for e in entries if e.artifact and handed_in_as(e.artifact) not in made),
    )


def submit(
    prefix: str,
    *,
    start: Path | None = None,
    student: str = "",
    out: Path | None = None,
    max_notebook: int = MAX_NOTEBOOK,
) -> CheckedNotebook:
    """Check a notebook and pack it to hand in, whatever the results of the checks.

    Args:
        prefix: beginning of the assignment's name.
        start: a folder in the workspace; default the working directory.
        student: id of the student at the beginning of the zip's name, where a course asks for it.
        out: folder for the zip; default the workspace.
        max_notebook: bytes of the largest notebook that graders take.

    Raises:
        ValueError: there is no such assignment, its notebook cannot be read, or a file is larger
            than graders take.
    """
    manifest = find_manifest(start)
    assignment = _assignment(manifest, prefix)
    notebook = _notebook(manifest, assignment)
    if (size := notebook.stat().st_size) > max_notebook:
        raise ValueError(
            f"the notebook has {size >> 20} MB, and at most {max_notebook >> 20} can be "
            "handed in: clear the outputs of large cells, save, and try again"
        )
    packed = {notebook.name: notebook.read_bytes(), **_artifacts(manifest, assignment)}
    checked = check_notebook(prefix, start=start)
    receipt = {
        "course": manifest.course,
        "assignment": checked.assignment,
        "version": manifest.version,
        "sha256": {name: digest(file) for name, file in packed.items()},
        "public_points": {
            each.entry.id: each.result.points if each.result else None for each in checked.exercises
        },
    }
    name = f"{student}_{checked.assignment}.zip" if student else f"{checked.assignment}.zip"
    archive = write_zip(
        (out or manifest.root) / name,
        {**packed, RECEIPT: (json.dumps(receipt, indent=1) + "\n").encode()},
    )
    return CheckedNotebook(**{**vars(checked), "archive": archive})


# the notebook -------------------------------------------------------------------------------------


def _assignment(manifest: Manifest, prefix: str) -> str:
    names = sorted({entry.assignment for entry in manifest.exercises.values()})
    found = [name for name in names if name.startswith(prefix)]
    if len(found) != 1 or not prefix:
        problem = "several assignments start" if found else "no assignment starts"
        raise ValueError(f"{problem} with {prefix!r}; there are: {', '.join(names)}")
    return found[0]


def _notebook(manifest: Manifest, assignment: str) -> Path:
    """Return the path of an assignment's notebook in a workspace or a checkout."""
    name = f"{assignment}.ipynb"
    places = [manifest.root / name, *sorted(manifest.root.glob(f"*/{assignment}/{name}"))]
    for path in places:
        if path.is_file():
            return path
    raise ValueError(f"{name} is not in {manifest.root}: unpack the release there again")


def _read(path: Path) -> nbformat.NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        raise ValueError(
            f"{path.name} cannot be read ({error}): open it in Jupyter and save it again"
        ) from error


def _artifacts(manifest: Manifest, assignment: str) -> dict[str, bytes]:
    """Return the content of the assignment's artifacts that exist in the workspace, by name."""
    asked = (e.artifact for e in manifest.exercises.values() if e.assignment == assignment)
    found = {path: read_artifact(manifest.root, path) for path in asked}
    return {handed_in_as(path): made for path, made in found.items() if made is not None}


def _written_answers(notebook: nbformat.NotebookNode) -> dict[str, tuple[float, str]]:
    """Return points and text of the answers that a person grades, by id of the question."""
    found = {}
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and marks.get("grade") and marks.get("solution"):
            id = str(marks.get("grade_id")).removeprefix("answer-")
            found[id] = (float(marks.get("points", 0)), cell.source)
    return found


# the clean kernel ---------------------------------------------------------------------------------


def _in_clean_kernel(
    manifest: Manifest, notebook: Path, entries: Sequence[ExerciseEntry]
) -> list[CheckedExercise]:
    """Check each exercise; after an answer that ends the kernel, go on in a new kernel."""
    checked: list[CheckedExercise] = []
    while len(checked) < len(entries):
        rest = entries[len(checked) :]
        cells = [
            new_code_cell(
                "from autograder.student.submit import check_here\n"
                f"check_here({str(notebook)!r}, {entry.id!r})"
            )
            for entry in rest
        ]
        client = NotebookClient(
            new_notebook(cells=cells),
            timeout=EXERCISE_SECONDS,
            interrupt_on_timeout=True,
            allow_errors=True,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(manifest.root)}},
        )
        died = False
        try:
            client.execute()
        except DeadKernelError:
            died = True
        cells = client.nb.cells
        done = list(takewhile(_was_told, cells)) if died else cells
        checked += [_outcome(e, cell) for e, cell in zip(rest, done, strict=False)]
        if died and len(done) < len(rest):
            ended = ("the kernel died while this answer ran",)
            checked.append(CheckedExercise(rest[len(done)], None, ended))
    return checked


def check_here(notebook: str, exercise: str) -> None:
    """Run an exercise's public tests and put the result into the cell's output.

    This is called in the clean kernel.

    Args:
        notebook: path of the notebook.
        exercise: id of the exercise.
    """
    from IPython.display import display

    from autograder.student.checking import run_public_tests

    manifest = find_manifest()
    entry = manifest.exercise(exercise)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    program = program_in_notebook(Path(notebook), manifest, exercise)
    remarks = list(program.repairs)
    try:
        remarks += execute(program, namespace)
    except NotDoneYet:
        namespace.pop(entry.name, None)
    except Exception as error:
        namespace.pop(entry.name, None)
        remarks.append(f"the answer's cell raised {type(error).__name__}: {error}")
    result = run_public_tests(manifest, entry, namespace)
    display({MIME: {"result": result.to_json(), "remarks": remarks}}, raw=True)


def _was_told(cell: nbformat.NotebookNode) -> bool:
    """Return whether a cell of the clean kernel has an error or a result in its output."""
    return any(o.output_type == "error" or MIME in o.get("data", {}) for o in cell.outputs)


def _outcome(entry: ExerciseEntry, cell: nbformat.NotebookNode) -> CheckedExercise:
    """Return the result in the output of a cell of the clean kernel."""
    errors = []
    for output in cell.outputs:
        if MIME in output.get("data", {}):
            data = output["data"][MIME]
            return CheckedExercise(entry, Result.from_json(data["result"]), tuple(data["remarks"]))
        if output.output_type == "error":
            errors.append(f"{output.ename}: {output.evalue}")
    if any(error.startswith("KeyboardInterrupt") for error in errors):
        errors = [f"not finished after {EXERCISE_SECONDS} seconds"]
    return CheckedExercise(entry, None, tuple(errors))
