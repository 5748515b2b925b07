"""Reads what students hand in. Every byte of it is untrusted: nothing here executes or renders it.

A submission is read into plain cells. What of it reaches a page that a grader opens (markdown,
outputs, attachments) is reduced to what cannot run: text and pictures.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
import stat
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from nbformat.v4 import new_output
from PIL import Image

from autograder.answers.artifacts import MAX_ARTIFACT
from autograder.answers.cells import MAX_CELL, MAX_CELLS, MAX_CODE
from autograder.course import Assignment, Course
from autograder.gradebook.decisions import choices, work_of
from autograder.gradebook.salvage import salvage
from autograder.judge.artifacts import with_artifacts
from autograder.judge.choices import with_choices
from autograder.judge.redaction import legible

MAX_NOTEBOOK = 128 << 20  # bytes: nearly all of it outputs, which are not kept
MAX_OUTPUTS = 50  # of a cell
MAX_TEXT = 20_000  # characters of one output
MAX_PICTURE = 4 << 20  # bytes
MAX_PIXELS = 25_000_000  # a browser unpacks them all, however few bytes they take
SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(
    r"\](?=\(|:)(?!\(\s*(?:https?://|mailto:|attachment:))(?!:\s*(?:https?://|mailto:))"
)
_PICTURE = re.compile(r"!(?=\[)(?!\[[^\]\n]{0,300}\]\(attachment:[^()\s]{1,100}\))")
# Links and styles that a formula can make, where MathJax is not told to be safe.
_MACRO = re.compile(r"\\(?=(?:href|url|require|style|class|cssId|unicode|html|data)(?![a-z]))")
_ATTACHMENT = re.compile(r"[\w.-]{1,100}", re.ASCII)


class NotAcceptable(ValueError):
    """A file that is not taken from a student; the message names it and says why."""


@dataclass(frozen=True)
class StudentCell:
    """A cell as the student left it.

    Attributes:
        type: "code", "markdown" or "raw".
        id: the cell's id, or "".
        grade_id: nbgrader's name for it, or "".
        source: its text.
        outputs: what it showed, reduced to text and pictures.
        attachments: pictures pasted into markdown.
    """

    type: str
    id: str
    grade_id: str
    source: str
    outputs: tuple[nbformat.NotebookNode, ...] = ()
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class SubmittedNotebook:
    """A submitted notebook.

    Attributes:
        cells: its cells; of a damaged file those that can be read.
        problems: what is wrong with the file as a whole.
        artifacts: content of the files that were handed in beside it, by name.
        is_whole: whether all of the file could be read.
        choices: cells that an assistant chose as answers; see `with_choices`.
    """

    cells: tuple[StudentCell, ...]
    problems: tuple[str, ...] = ()
    artifacts: dict[str, bytes] = field(default_factory=dict)
    is_whole: bool = True
    choices: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def for_judge(self) -> nbformat.NotebookNode:
        """Nothing but types, ids and sources of the cells, the artifacts and the choices."""
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "cell_type": cell.type,
                    "id": cell.id,
                    "metadata": {"nbgrader": {"grade_id": cell.grade_id}},
                    "source": cell.source,
                }
                for cell in self.cells
            ],
        }
        carried = with_artifacts(notebook, self.artifacts)
        return nbformat.from_dict(with_choices(carried, self.choices))


def read_regular(path: Path, limit: int) -> bytes:
    """The content of a file, which must be a regular one with a single name.

    Raises:
        NotAcceptable: it is a link, a pipe, a device or a folder, or larger than `limit` bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if problem := problem_of(os.lstat(path), limit):
        raise NotAcceptable(f"{path} is {problem}")
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        if problem := problem_of(os.fstat(descriptor), limit):
            raise NotAcceptable(f"{path} is {problem}")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise NotAcceptable(f"{path} is larger than {limit:,} bytes")
    return content


def problem_of(status: os.stat_result, limit: int) -> str:
    """Why a file is not taken, by its status (of lstat); "" when it is regular and small enough."""
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFBLK: "a device",
        stat.S_IFCHR: "a device",
    }
    if not stat.S_ISREG(status.st_mode):
        return kinds.get(stat.S_IFMT(status.st_mode), "not a regular file")
    if status.st_nlink > 1:
        return "a hard link to another file"
    if status.st_size > limit:
        return f"larger than {limit:,} bytes"
    return ""


def read_submission(path: Path, artifacts: Iterable[str] = ()) -> SubmittedNotebook:
    """Read a submitted notebook, in whatever state it is, and what was handed in beside it.

    Of a damaged file the cells that can be read are given, and a problem that says what is wrong.

    Args:
        path: the notebook.
        artifacts: names of the files that may lie beside it; others are not read.
    """
    try:
        notebook = parse_submission(read_regular(path, MAX_NOTEBOOK))
    except FileNotFoundError:
        return SubmittedNotebook((), (f"there is no {path.name}",), is_whole=False)
    except NotAcceptable as error:
        problem = str(error).replace(str(path), path.name)
        return SubmittedNotebook((), (problem,), is_whole=False)
    found: dict[str, bytes] = {}
    problems = list(notebook.problems)
    for name in artifacts:
        beside = path.with_name(name)
        try:
            found[name] = read_regular(beside, MAX_ARTIFACT)
        except FileNotFoundError:
            continue  # its exercise's tests say so
        except NotAcceptable as error:
            problems.append(str(error).replace(str(beside), name))
    return replace(notebook, problems=tuple(problems), artifacts=found)


def submitted_notebook(course: Course, assignment: Assignment, student: str) -> Path:
    """Where a student's notebook was taken in."""
    return course.root / "submitted" / student / assignment.name / f"{assignment.name}.ipynb"


def submission_of(course: Course, assignment: Assignment, student: str) -> SubmittedNotebook:
    """What a student handed in, with the artifacts that the assignment asks for and the choices."""
    path = submitted_notebook(course, assignment, student)
    read = read_submission(path, course.artifacts_of(assignment))
    return replace(read, choices=choices(course, assignment, student, work_of(read.cells)))


def parse_submission(content: bytes) -> SubmittedNotebook:
    """Read a submitted notebook from its bytes; see `read_submission`."""
    found = salvage(content)
    cells, problems = found.cells, list(found.problems)
    if len(cells) > MAX_CELLS:
        problems.append(f"only the first {MAX_CELLS} of its {len(cells)} cells are read")
    read = tuple(map(_cell, cells[:MAX_CELLS]))
    for place, cell in enumerate(read, 1):
        if len(cell.source) > MAX_CELL:
            problems.append(f"cell {place} is longer than {MAX_CELL:,} characters: left out")
    if sum(len(cell.source) for cell in read if cell.type == "code") > MAX_CODE:
        problems.append(f"only the first {MAX_CODE:,} characters of its code are read")
    kept = (replace(c, source="") if len(c.source) > MAX_CELL else c for c in read)
    return SubmittedNotebook(tuple(kept), tuple(problems), is_whole=found.is_whole)


def harmless_markdown(text: str) -> str:
    """Markdown that renders to text, formulas, links to the web and attached pictures only.

    Independent of how a renderer reads it: no character sequence is left that could open an HTML
    element, a link with another scheme, or a picture from elsewhere, also not by a formula.
    """
    text = _TAG.sub("< ", legible(text, MAX_CELL))
    text = _MACRO.sub(r"\\ ", text)
    return _PICTURE.sub("! ", _LINK.sub("] ", text))


def harmless_outputs(outputs: object, *, described_as: str) -> Iterator[nbformat.NotebookNode]:
    """A cell's outputs reduced to plain text and pictures.

    Args:
        outputs: as they stand in the file.
        described_as: alternative text of the pictures.
    """
    for output in (outputs if isinstance(outputs, list) else [])[:MAX_OUTPUTS]:
        if not isinstance(output, Mapping):
            continue
        if output.get("output_type") == "stream":
            yield new_output("stream", name="stdout", text=_text(output.get("text")))
        elif output.get("output_type") == "error":
            said = f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
            yield new_output("stream", name="stdout", text=said)
        elif data := _harmless_data(output.get("data")):
            alt = {mime: {"alt": described_as} for mime in data if mime in SIGNATURES}
            yield new_output("display_data", data=data, metadata=alt)


def _cell(cell: object) -> StudentCell:
    """One cell; whatever is not a cell becomes an empty one, so that places keep their numbers."""
    if not isinstance(cell, Mapping):
        return StudentCell("raw", "", "", "")
    type = cell.get("cell_type")
    type = type if type in ("code", "markdown") else "raw"
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, Mapping) else None
    id = _name(cell.get("id"))
    shown = f"picture made by cell {id}" if id else "picture made by a cell without a name"
    return StudentCell(
        type,
        id,
        _name(grade_id),
        _source(cell.get("source")),
        tuple(harmless_outputs(cell.get("outputs"), described_as=shown)) if type == "code" else (),
        _attachments(cell.get("attachments")) if type == "markdown" else {},
    )


def _name(value: object) -> str:
    return legible(value, 100) if isinstance(value, str) else ""


def _text(value: object) -> str:
    """A text that a cell showed."""
    return legible(_source(value), MAX_TEXT)


def _source(value: object) -> str:
    """A text of a notebook file, a string or a list of lines, as it stands but fit to be saved."""
    lines = _joined(value).replace("\r\n", "\n").replace("\r", "\n")
    return lines.encode("utf-8", "replace").decode("utf-8")


def _joined(value: object) -> str:
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _attachments(attachments: object) -> dict[str, dict[str, str]]:
    if not isinstance(attachments, Mapping):
        return {}
    pictures = {
        name: _pictures(data)
        for name, data in list(attachments.items())[:MAX_OUTPUTS]
        if isinstance(name, str) and _ATTACHMENT.fullmatch(name)
    }
    return {name: data for name, data in pictures.items() if data}


def _harmless_data(data: object) -> dict[str, str]:
    """Of an output's representations, pictures and plain text."""
    if not isinstance(data, Mapping):
        return {}
    plain = _text(data.get("text/plain"))
    return _pictures(data) | ({"text/plain": plain} if plain else {})


def _pictures(data: object) -> dict[str, str]:
    if not isinstance(data, Mapping):
        return {}
    found = {mime: _picture(data.get(mime), start) for mime, start in SIGNATURES.items()}
    return {mime: picture for mime, picture in found.items() if picture}


def _pixels(content: bytes) -> int:
    """How many pixels a picture says that it has, by its header alone; 0 when it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
                return picture.width * picture.height
    except Exception:  # a damaged header can raise anything
        return 0


def _picture(value: object, signature: bytes) -> str:
    """A picture's base64, encoded anew; "" when it is not of the format, or too large."""
    text = _joined(value)
    if len(text) > 2 * MAX_PICTURE:
        return ""
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    if len(content) > MAX_PICTURE or not content.startswith(signature):
        return ""
    if not 0 < _pixels(content) <= MAX_PIXELS:
        return ""
    return base64.b64encode(content).decode()
