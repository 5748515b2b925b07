"""Builds the notebooks from their text sources, in nbgrader's source form.

The id of a cell says what the cell is: `about-`, `ex-` or `check-` and the id of an exercise, or
`question-` or `answer-` and the id of a question. Any other cell has its name or its first words as
id. An id is never a number, which would change when cells are added.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.answers.cells import python_of
from autograder.authoring.lesson import Lesson, read_lesson
from autograder.authoring.source import Kind, SourceCell
from autograder.course import Assignment, Course, CourseExercise
from autograder.course.solutions import reference_object

SCHEMA = 3  # version of nbgrader's cell metadata
WORDS_IN_ID = 6
SETUP = "setup"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def build_notebooks(course: Course, *, check: bool = False) -> list[Path]:
    """Write the notebooks whose text source, tests or reference have changed.

    Args:
        course: the course.
        check: whether to write nothing, and only find the notebooks that are stale.

    Returns:
        The notebooks that were written or, with `check`, that are stale.

    Raises:
        ValueError: a text source has mistakes, all of which the message lists, or a notebook was
            edited by hand and would be overwritten. The other notebooks are still written.
    """
    stale: list[Path] = []
    problems: list[str] = []
    for assignment in course.assignments():
        path = assignment.ipynb
        try:
            text = notebook_text(build_notebook(course, assignment))
            if _read(path) == text:
                continue
            if not check:
                _refuse_hand_edited(course, path)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
            stale.append(path)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\n".join(problems))
    return stale


def build_notebook(course: Course, assignment: Assignment) -> nbformat.NotebookNode:
    """Return an assignment's notebook in nbgrader's source form, without outputs.

    Raises:
        ValueError: the text source has mistakes, all of which the message lists.
    """
    lesson = read_lesson(course, assignment)
    cells = [built for cell in lesson.cells for built in _build_cell(course, lesson, cell)]
    _refuse_equal_ids(assignment, cells)
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    notebook = new_notebook(cells=cells, metadata=metadata)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata["course"] = {
        "assignment": assignment.name,
        "generated_from": assignment.source.name,
        "sha256": notebook_hash(notebook),
    }
    nbformat.validate(notebook)
    return notebook


def notebook_text(notebook: nbformat.NotebookNode) -> str:
    """Return the text of a notebook's file; equal notebooks give equal text."""
    return nbformat.writes(notebook) + "\n"


def notebook_hash(notebook: nbformat.NotebookNode) -> str:
    """Return a hash of what an author can edit: ids, types, sources and nbgrader's marks of cells.

    Outputs, and what editors add by themselves, do not count.
    """
    content = [
        [cell.get("id"), cell.cell_type, cell.source, cell.metadata.get("nbgrader")]
        for cell in notebook.cells
    ]
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_hand_edited(course: Course, path: Path) -> None:
    if not path.is_file():
        return
    name = path.relative_to(course.root).as_posix()
    remedy = (
        f"Move the change to {path.stem}.py (the text source) or drop it, delete {name}, and "
        "build again."
    )
    try:
        notebook = nbformat.read(path, as_version=4)
        recorded = notebook.metadata.get("course", {}).get("sha256")
    except (ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        raise ValueError(f"{name} cannot be read ({error}). {remedy}") from error
    if recorded != notebook_hash(notebook):
        raise ValueError(f"{name} was edited by hand; building would lose that. {remedy}")


def _refuse_equal_ids(assignment: Assignment, cells: list[nbformat.NotebookNode]) -> None:
    counts = Counter(cell["id"] for cell in cells)
    if repeated := [id for id, count in counts.items() if count > 1]:
        raise ValueError(
            f"{assignment.source.name}: several cells would have the id "
            f'{", ".join(repeated)}. Give all but one a name of its own: # %% name="..."'
        )


# cells --------------------------------------------------------------------------------------------


def _build_cell(course: Course, lesson: Lesson, cell: SourceCell) -> list[nbformat.NotebookNode]:
    match cell.kind:
        case Kind.EXERCISE:
            return _exercise_cells(course, course.exercise(cell.id))
        case Kind.QUESTION:
            return _question_cells(lesson, cell)
        case Kind.PROSE:
            return [new_markdown_cell(cell.text, id=_plain_id(cell), metadata={})]
        case Kind.CODE:
            metadata = {"deletable": False, "editable": False} if cell.id == SETUP else {}
            text = _within_needs(cell.text, cell.needs) if cell.needs else cell.text
            return [_code(_plain_id(cell), text, metadata)]
        case _:  # model answers and rubrics are part of their question's answer
            return []


def _code(id: str, source: str, metadata: dict[str, Any]) -> nbformat.NotebookNode:
    return new_code_cell(source, id=id, metadata=metadata)


def _exercise_cells(course: Course, exercise: CourseExercise) -> list[nbformat.NotebookNode]:
    answer, check = f"ex-{exercise.id}", f"check-{exercise.id}"
    reference = reference_object(course, exercise.object)
    return [
        new_markdown_cell(about(exercise), id=f"about-{exercise.id}", metadata={}),
        _code(answer, reference.marked(), {"nbgrader": _marks(answer, solution=True)}),
        _code(
            check,
            f'check("{exercise.id}")',
            {"nbgrader": _marks(check, grade=True, locked=True, points=exercise.points)},
        ),
    ]


def about(exercise: CourseExercise) -> str:
    """Return the heading of an exercise: title, difficulty, minutes and points."""
    dots = "●" * exercise.difficulty + "○" * (5 - exercise.difficulty)
    return (
        f"### Exercise: {exercise.title}\n\n"
        f"`{exercise.name}` · difficulty {exercise.difficulty} of 5 {dots} · "
        f"{exercise.minutes} minutes · {exercise.points:g} points"
    )


def _question_cells(lesson: Lesson, cell: SourceCell) -> list[nbformat.NotebookNode]:
    question, answer = f"question-{cell.id}", f"answer-{cell.id}"
    text = f"### Question ({cell.points:g} points)\n\n{cell.text}"
    for_graders = (
        f"**Model answer**\n\n{lesson.model_answers[cell.id]}\n\n"
        f"**Rubric**\n\n{lesson.rubrics[cell.id]}"
    )
    marks = _marks(answer, grade=True, solution=True, points=cell.points)
    return [
        new_markdown_cell(text, id=question, metadata={"nbgrader": _marks(question, locked=True)}),
        new_markdown_cell(for_graders, id=answer, metadata={"nbgrader": marks}),
    ]


def _marks(
    id: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: float | None = None,
) -> dict[str, Any]:
    """Return nbgrader's metadata for a cell."""
    marks: dict[str, Any] = {
        "grade": grade,
        "grade_id": id,
        "locked": locked,
        "schema_version": SCHEMA,
        "solution": solution,
        "task": False,
    }
    return marks if points is None else {**marks, "points": points}


def _plain_id(cell: SourceCell) -> str:
    """Return the id of a plain cell: its name, or the first words of its first line."""
    first_line = next(filter(str.strip, cell.text.lower().splitlines()), "")
    words = re.findall(r"[a-z0-9]+", first_line)
    return cell.id or "-".join(words[:WORDS_IN_ID])[:64].strip("-")


def _within_needs(source: str, exercises: tuple[str, ...]) -> str:
    """Return code that says "finish it first" instead of failing while an exercise is not done."""
    kept = set(_lines_begun_in_strings(python_of(source)))
    body = [
        line if number in kept or not line else f"    {line}"
        for number, line in enumerate(source.splitlines(), 1)
    ]
    names = ", ".join(f'"{id}"' for id in exercises)
    return "\n".join([f"with needs({names}):", *body])


def _lines_begun_in_strings(source: str) -> Iterator[int]:
    """Give the numbers of the lines that begin inside a string of an earlier line."""
    begun = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        if kind in ("STRING", "FSTRING_START"):  # Python 3.12 splits f-strings into several tokens
            begun.append(token.start[0])
        if kind in ("STRING", "FSTRING_END"):
            yield from range(begun.pop() + 1, token.end[0] + 1)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
