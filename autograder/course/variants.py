"""Reads the right and wrong answers of an exercise, which test its tests.

An exercise's folder has the right answers as files `right/NAME.py`. The file `wrong.toml` lists the
wrong answers, each in a table with the answer's name:

    [columns]
    what = "Normalises over the batch: every column gets length 1."
    diagnosis = "normalises the columns, not the rows"
    of = "reference"
    change = [["dim=1", "dim=0"]]

`of` names the base, the answer that is changed: "reference", a right answer, or another wrong
answer. Each pair in `change` is an old text and the new text in its place. The old text must occur
exactly once in the base, after the changes before it. An answer that is unlike all others has
`file = true` instead, and is the file `wrong/NAME.py`. Authors, graders and tests read all answers
by `CourseExercise.right_answers` and `wrong_answers`.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.course.course import Course, CourseExercise
from autograder.course.solutions import reference_object

REFERENCE = "reference"
RIGHT, WRONG, TABLE = "right", "wrong", "wrong.toml"
NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
KEYS = ("what", "diagnosis", "of", "change", "file")

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Variant:
    """An answer that tests the tests.

    Attributes:
        name: name of the answer within its exercise.
        what: how the answer works, or the mistake that it makes, in a sentence.
        source: source of the answer.
        file: the answer's own file, or the `wrong.toml` that lists the answer.
    """

    name: str
    what: str
    source: str
    file: Path


@dataclass(frozen=True)
class RightAnswer(Variant):
    """An answer that keeps full marks."""


@dataclass(frozen=True)
class WrongAnswer(Variant):
    """An answer that loses marks.

    Attributes:
        line: line of `wrong.toml` where the answer's table begins, counted from 1.
        diagnosis: text that the feedback must contain.
        base: name of the answer that is changed; "" for a whole file.
        base_source: source of the base; "" for a whole file.
    """

    line: int
    diagnosis: str
    base: str
    base_source: str

    @property
    def diff(self) -> str:
        """The lines that differ from the base, as a unified diff; "" for a whole file."""
        if not self.base:
            return ""
        before, after = self.base_source.splitlines(), self.source.splitlines()
        return "\n".join(unified_diff(before, after, self.base, self.name, lineterm=""))


def right_answers(exercise: CourseExercise) -> tuple[RightAnswer, ...]:
    """Return the right answers of an exercise, sorted by name.

    Raises:
        ValueError: an answer is no Python, or is named "reference".
    """
    return _right_answers(exercise, _stamp(exercise))


def wrong_answers(exercise: CourseExercise) -> tuple[WrongAnswer, ...]:
    """Return the wrong answers of an exercise, sorted by name.

    Raises:
        ValueError: `wrong.toml` cannot be read, an entry is not complete, or a change does not fit
            its base. The message says where, and what to do.
    """
    return _wrong_answers(exercise, _stamp(exercise))


def find_variant(exercise: CourseExercise, name: str) -> Variant:
    """Return the right or wrong answer of an exercise with a name.

    The name "reference" returns the reference, which is a right answer, too.

    Raises:
        ValueError: there is no such answer, or an answer of the exercise cannot be read.
    """
    answers: dict[str, Variant] = {
        each.name: each for each in (*right_answers(exercise), *wrong_answers(exercise))
    }
    if name == REFERENCE:
        course = Course.find(exercise.assignment.tests)
        file, text = course.module_file(exercise.module), _reference_text(exercise)
        return RightAnswer(REFERENCE, "The library's own answer.", text, file)
    if name not in answers:
        raise ValueError(
            f"{exercise.id} has no variant {name!r}. There are: {', '.join([REFERENCE, *answers])}."
        )
    return answers[name]


def variant_files(exercise: CourseExercise) -> tuple[Path, ...]:
    """Return all files of an exercise's folder that are not its tests.

    They test the tests: no student gets them, and grading does not depend on them.
    """
    return tuple(
        path
        for path in sorted(exercise.folder.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and not (path.parent == exercise.folder and path.suffix == ".py")
    )


def _stamp(exercise: CourseExercise) -> Stamp:
    """Return names, times and sizes of all files that the answers are read from."""
    library = Course.find(exercise.assignment.tests).module_file(exercise.module)
    stats = [(path, path.stat()) for path in (library, *variant_files(exercise))]
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)


# right answers ------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _right_answers(exercise: CourseExercise, stamp: Stamp) -> tuple[RightAnswer, ...]:
    return tuple(map(_right_answer, sorted((exercise.folder / RIGHT).glob("*.py"))))


def _right_answer(file: Path) -> RightAnswer:
    source = file.read_text(encoding="utf-8")
    try:
        docstring = ast.get_docstring(ast.parse(source)) or ""
    except SyntaxError as error:
        raise ValueError(
            f"{file}, line {error.lineno}: the right answer is no Python: {error.msg}. Correct it."
        ) from error
    if file.stem == REFERENCE:
        raise ValueError(
            f"{file}: {REFERENCE!r} means the library's own answer in {TABLE}. Rename the file."
        )
    return RightAnswer(file.stem, " ".join(docstring.partition("\n\n")[0].split()), source, file)


# wrong answers ------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _wrong_answers(exercise: CourseExercise, stamp: Stamp) -> tuple[WrongAnswer, ...]:
    table = _Table(exercise)
    return tuple(table.expand(name) for name in sorted(table.entries))


class _Table:
    """The `wrong.toml` of an exercise, with the texts that its entries change."""

    def __init__(self, exercise: CourseExercise) -> None:
        self.exercise = exercise
        self.file = exercise.folder / TABLE
        self.text = self.file.read_text(encoding="utf-8") if self.file.is_file() else ""
        self.right = {answer.name: answer for answer in right_answers(exercise)}
        self.entries = self._read_entries()
        self.expanded: dict[str, WrongAnswer] = {}

    def expand(self, name: str, asked_for: tuple[str, ...] = ()) -> WrongAnswer:
        """Return a wrong answer with its changes made.

        Args:
            name: name of the answer.
            asked_for: names of the answers that have this answer as base, the outermost first.
        """
        if name in asked_for:
            circle = " of ".join([*asked_for[asked_for.index(name) :], name])
            raise self._problem(
                name, f"the answer is a change of itself: {circle}. Let one of them be of another."
            )
        if name not in self.expanded:
            entry = self.entries[name]
            if "file" in entry:
                base, before, source = "", "", self._whole_file(name)
            else:
                base = entry["of"]
                before = self._base_text(name, base, asked_for)
                source = self._changed(name, before)
            self._require_python(name, source)
            self.expanded[name] = WrongAnswer(
                name, entry["what"], source, *self._place(name), entry["diagnosis"], base, before
            )
        return self.expanded[name]

    # texts

    def _whole_file(self, name: str) -> str:
        path = self.exercise.folder / WRONG / f"{name}.py"
        if not path.is_file():
            raise self._problem(
                name, f"there is no file {WRONG}/{name}.py. Write it, or give of and change."
            )
        return path.read_text(encoding="utf-8")

    def _base_text(self, name: str, base: str, asked_for: tuple[str, ...]) -> str:
        if base == REFERENCE:
            return _reference_text(self.exercise)
        if base in self.right:
            return _without_docstring(self.right[base].source)
        if base in self.entries:
            return self.expand(base, (*asked_for, name)).source
        known = ", ".join([REFERENCE, *self.right])
        raise self._problem(
            name, f"of = {base!r} names no answer. Give one of {known}, or another wrong answer."
        )

    def _changed(self, name: str, text: str) -> str:
        before = text
        for old, new in self.entries[name]["change"]:
            count = text.count(old)
            if count != 1:
                found = f"occurs {count} times" if count else "does not occur"
                raise self._problem(
                    name,
                    f"the text to change {found} in {self.entries[name]['of']!r}: {old!r}. "
                    f"Quote what `course variant {self.exercise.id} {self.entries[name]['of']}` "
                    "shows, as much as makes it the only place.",
                )
            text = text.replace(old, new)
        if text == before:
            raise self._problem(name, "the changes change nothing. Let new differ from old.")
        return text

    def _require_python(self, name: str, source: str) -> None:
        try:
            ast.parse(source)
        except SyntaxError as error:
            raise self._problem(
                name,
                f"with its changes the answer is no Python: {error.msg}, in its line "
                f"{error.lineno}, {(error.text or '').strip()!r}. Correct it.",
            ) from error

    # entries

    def _read_entries(self) -> dict[str, Mapping[str, Any]]:
        try:
            entries = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{self.file} is no TOML: {error}. Correct it.") from error
        for name, entry in entries.items():
            self._require_complete(name, entry)
        files = sorted(path.stem for path in (self.exercise.folder / WRONG).glob("*.py"))
        for name in files:
            if name not in entries:
                raise ValueError(
                    f"{self.exercise.folder / WRONG / name}.py, line 1: {TABLE} does not list the "
                    f"wrong answer {name}. Give it a table with what, diagnosis and file = true."
                )
            if "file" not in entries[name]:
                raise self._problem(
                    name,
                    f"the answer is a change, and there is a file {WRONG}/{name}.py as well. "
                    "Delete the file, or give file = true instead of of and change.",
                )
        return entries

    def _require_complete(self, name: str, entry: object) -> None:
        """Refuse an entry that lacks a key, has an unknown key, or has a value of a wrong kind."""
        if not isinstance(entry, dict):
            raise self._problem(
                name, "it stands in no table. Begin a wrong answer with its name in brackets."
            )
        if not NAME.fullmatch(name) or name == REFERENCE or name in self.right:
            raise self._problem(
                name,
                "the name is no word, or another answer's. Give it one of letters, digits and "
                f"underscores that is neither {REFERENCE!r} nor a right answer's.",
            )
        if unknown := sorted(entry.keys() - set(KEYS)):
            raise self._problem(
                name, f"nobody knows the key {unknown[0]}. The keys are {', '.join(KEYS)}."
            )
        if "file" in entry and entry.keys() & {"of", "change"}:
            raise self._problem(
                name, "it is both a file and a change. Give file = true, or of and change."
            )
        needed = ("what", "diagnosis", *(("file",) if "file" in entry else ("of", "change")))
        if missing := [key for key in needed if key not in entry]:
            raise self._problem(name, f"{missing[0]} is missing. Say it.")
        for key in needed:
            if not _is_of_its_kind(key, entry[key]):
                raise self._problem(name, f"{key} should be {_KINDS.get(key, 'a text')}.")

    # places

    def _place(self, name: str) -> tuple[Path, int]:
        header = re.compile(rf"""^\s*\[?\s*["']?{re.escape(name)}["']?\s*[\]=.]""", re.MULTILINE)
        found = header.search(self.text)
        lines_before = self.text.count("\n", 0, found.end()) if found else 0
        return self.file, lines_before + 1

    def _problem(self, name: str, what: str) -> ValueError:
        file, line = self._place(name)
        return ValueError(f"{file}, line {line}, {name}: {what}")


_KINDS = {"change": "a list of pairs [old, new] of texts, old not empty", "file": "true"}


def _is_of_its_kind(key: str, value: object) -> bool:
    if key == "file":
        return value is True
    if key == "change":
        return isinstance(value, list) and bool(value) and all(map(_is_pair, value))
    return isinstance(value, str) and bool(value.strip())


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(text, str) for text in value)
        and bool(value[0])
    )


# the texts that are changed -----------------------------------------------------------------------


def _reference_text(exercise: CourseExercise) -> str:
    """Return the source of the reference, below the imports that it needs.

    These are imports of its module, and imports of the module's own helpers.
    """
    course = Course.find(exercise.assignment.tests)
    source = reference_object(course, exercise.object).source
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    module = ast.parse(course.module_file(exercise.module).read_text(encoding="utf-8")).body
    imports = [
        kept
        for node in module
        if isinstance(node, ast.Import | ast.ImportFrom) and (kept := _only_used(node, used))
    ]
    if helpers := sorted((used & _defined(module)) - {exercise.name}):
        imports.append(ast.ImportFrom(exercise.module, [ast.alias(name) for name in helpers], 0))
    return "\n".join([*map(ast.unparse, imports), "", "", source, ""]).lstrip("\n")


def _defined(statements: Sequence[ast.stmt]) -> set[str]:
    """Return the names that statements define at their level, without imports."""
    found = set()
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id for name in targets if isinstance(name, ast.Name)}
    return found


def _only_used(
    node: ast.Import | ast.ImportFrom, used: set[str]
) -> ast.Import | ast.ImportFrom | None:
    """Return an import statement with only its used names; None when no name is used."""
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return node
    names = [
        alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) in used
    ]
    if not names:
        return None
    if isinstance(node, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(node.module, names, node.level)


def _without_docstring(source: str) -> str:
    """Return the source of a module below its docstring."""
    body = ast.parse(source).body
    if not body or ast.get_docstring(ast.parse(source), clean=False) is None:
        return source
    return "\n".join([*source.splitlines()[body[0].end_lineno :], ""]).lstrip("\n")
