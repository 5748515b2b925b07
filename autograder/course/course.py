"""A course on disk, with its folders, assignments and exercises.

The kit knows nothing of the course that it serves. A course says where its parts are in the table
`[tool.course]` of its pyproject.toml; everything here comes from that table and from the files.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.answers.artifacts import handed_in_as
from autograder.course.declarations import HIDDEN, PUBLIC, exercise_folders, read_declaration
from autograder.course.rules import Rules, read_rules
from autograder.testing.declarations import Exercise, GradedTest

if TYPE_CHECKING:
    from autograder.course.variants import RightAnswer, WrongAnswer

ASSIGNMENT_NAME = re.compile(r"\d{2}_[a-z0-9_]+")
EXERCISE_CELL = re.compile(r'^# %%.*\bexercise="([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Assignment:
    """An assignment: a notebook and its tests.

    Attributes:
        name: its number and topic, such as `02_topic`.
        notebooks: the course's folder of notebooks.
        tests: the course's folder of tests.
    """

    name: str
    notebooks: Path
    tests: Path

    @property
    def number(self) -> str:
        """The two digits that the name starts with."""
        return self.name[:2]

    @property
    def source(self) -> Path:
        """Text source of the notebook."""
        return self.notebooks / f"{self.name}.py"

    @property
    def expected(self) -> Path:
        """File of what a run of the reference should give; the file need not be there."""
        return self.notebooks / f"{self.name}.toml"

    @property
    def ipynb(self) -> Path:
        """The notebook that is built from the text source, in nbgrader's source form."""
        return self.notebooks / self.name / f"{self.name}.ipynb"

    @property
    def tests_folder(self) -> Path:
        """Folder of the assignment's exercises; each is a folder with its tests."""
        return self.tests / self.name

    def lesson_order(self) -> list[str]:
        """Return the ids of the exercises that the text source names, in its order."""
        text = self.source.read_text(encoding="utf-8")
        return list(dict.fromkeys(EXERCISE_CELL.findall(text)))


@dataclass(frozen=True, kw_only=True)
class CourseExercise(Exercise):
    """An exercise and its place in the course.

    Attributes:
        assignment: the assignment that asks for it.
        public: points and titles of its public tests.
        hidden: points and titles of its hidden tests.
    """

    assignment: Assignment
    public: tuple[GradedTest, ...]
    hidden: tuple[GradedTest, ...]

    @property
    def points(self) -> float:
        """Sum of the points of its tests; an int where the sum is whole."""
        total = round(math.fsum(test.points for test in (*self.public, *self.hidden)), 6)
        return int(total) if total.is_integer() else total

    @property
    def folder(self) -> Path:
        """Folder of its tests, and of the answers that test them."""
        return self.assignment.tests / self.assignment.name / self.id

    @property
    def public_tests(self) -> Path:
        """File of the tests that students get."""
        return self.folder / PUBLIC

    @property
    def hidden_tests(self) -> Path:
        """File of the tests that students do not get; the file need not be there."""
        return self.folder / HIDDEN

    def test_modules(self, *, hidden: bool = True) -> list[Path]:
        """Return the test files that exist, the public one first."""
        files = [self.public_tests, *([self.hidden_tests] if hidden else [])]
        return [path for path in files if path.is_file()]

    def right_answers(self) -> tuple[RightAnswer, ...]:
        """Return the answers that keep full marks, by name.

        Raises:
            ValueError: an answer cannot be read.
        """
        from autograder.course.variants import right_answers  # which reads this module's course

        return right_answers(self)

    def wrong_answers(self) -> tuple[WrongAnswer, ...]:
        """Return the answers that lose marks, by name.

        Raises:
            ValueError: an answer cannot be read, or is no change of its base.
        """
        from autograder.course.variants import wrong_answers

        return wrong_answers(self)

    @property
    def reference_artifact(self) -> Path | None:
        """File that the reference would hand in; None where the exercise asks for no file."""
        return self.folder / handed_in_as(self.artifact) if self.artifact else None

    def read_reference_artifact(self) -> bytes | None:
        """Return the content of the file that the reference would hand in; None without a file."""
        kept = self.reference_artifact
        return None if kept is None else kept.read_bytes()


@dataclass(frozen=True)
class Course:
    """A course, as its table `[tool.course]` describes it.

    Attributes:
        root: folder of the pyproject.toml.
        title: what people call it.
        course_id: what nbgrader and file names call it.
        library_name: package of the reference.
        tests_name: package of the exercises' tests.
        notebooks_name: folder of the notebooks.
        data_name: package of the data scripts.
        runtime: distributions that an answer may import; the sandbox shows these alone.
        prepare: commands of `course` that put on disk what the notebooks read.
        late: what handing in late costs (`autograder.gradebook.lateness`); empty for nothing.
        demo: what `course demo` shows (`autograder.demo.plan`); empty for no demo.
        rules: what the points and exercises of each assignment must add up to, by its name.
    """

    root: Path
    title: str
    course_id: str
    library_name: str
    tests_name: str
    notebooks_name: str
    data_name: str
    runtime: tuple[str, ...]
    prepare: tuple[str, ...] = ()
    late: dict[str, Any] = field(default_factory=dict, compare=False)
    demo: dict[str, Any] = field(default_factory=dict, compare=False)
    rules: dict[str, Rules] = field(default_factory=dict, compare=False)

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """Find the course that a folder belongs to: the nearest above it with a `[tool.course]`.

        Args:
            start: the folder, or a file in the folder; default the working directory.

        Raises:
            ValueError: the folder is in no course, or the table of the course has a mistake.
        """
        start = Path.cwd() if start is None else Path(start)
        for folder in (start.resolve(), *start.resolve().parents):
            table = _course_table(folder / "pyproject.toml")
            if table is not None:
                return cls._from_table(folder, table)
        raise ValueError(
            f"{start} is in no course: no folder above it has a pyproject.toml with a table "
            "[tool.course]. Change to the course's folder first."
        )

    @classmethod
    def _from_table(cls, root: Path, table: dict[str, object]) -> Course:
        names = {each.name: each.name.removesuffix("_name") for each in fields(cls)[1:]}
        names["rules"] = "assignments"
        optional = {"prepare", "late", "demo", "assignments"}
        if missing := set(names.values()) - optional - table.keys():
            raise ValueError(
                f"{root / 'pyproject.toml'}: [tool.course] lacks {', '.join(sorted(missing))}"
            )
        if unknown := table.keys() - set(names.values()):
            raise ValueError(
                f"{root / 'pyproject.toml'}: [tool.course] has the unknown key "
                f"{', '.join(sorted(unknown))}; known are {', '.join(names.values())}"
            )
        values = {name: table[key] for name, key in names.items() if key in table}
        where = root / "pyproject.toml"
        rules = values.pop("rules", {})
        lists = {key: _names(values.pop(key, []), key, where) for key in ("runtime", "prepare")}
        tables = {key: values.pop(key, {}) for key in ("late", "demo")}
        if bad := [key for key, value in tables.items() if not isinstance(value, dict)]:
            raise ValueError(f"{where}: {', '.join(bad)} should be a table")
        if bad := [key for key, value in values.items() if not isinstance(value, str)]:
            raise ValueError(f"{where}: {', '.join(bad)} should be a string")
        course = cls(root=root, **lists, **tables, **values)  # type: ignore[arg-type]
        present = [assignment.name for assignment in course.assignments()]
        return replace(course, rules=read_rules(rules, present, str(where)))

    @property
    def library(self) -> Path:
        """Folder of the reference library."""
        return self.root / self.library_name

    @property
    def tests(self) -> Path:
        """Folder of the exercises' tests."""
        return self.root / self.tests_name

    @property
    def notebooks(self) -> Path:
        """Folder of the notebooks."""
        return self.root / self.notebooks_name

    @property
    def data(self) -> Path:
        """Folder of the data scripts."""
        return self.root / self.data_name

    @property
    def state(self) -> Path:
        """Folder of caches, records and locks."""
        return self.root / ".course"

    @property
    def version(self) -> str:
        """The project's version, which names its releases."""
        pyproject = self.root / "pyproject.toml"
        table = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
        version = table.get("version")
        if not isinstance(version, str) or not re.fullmatch(r"[\w.+]+", version, re.ASCII):
            raise ValueError(f'{pyproject}: give the project a version, as version = "1.0"')
        return version

    def assignments(self) -> list[Assignment]:
        """Return the assignments, in the order of their numbers."""
        return [
            Assignment(path.stem, self.notebooks, self.tests)
            for path in sorted(self.notebooks.glob("*.py"))
            if ASSIGNMENT_NAME.fullmatch(path.stem)
        ]

    def assignment(self, prefix: str) -> Assignment:
        """Return the assignment whose name starts with `prefix`.

        Raises:
            ValueError: no name starts with the prefix, or several names do.
        """
        found = [a for a in self.assignments() if a.name.startswith(prefix)]
        if exact := [a for a in found if a.name == prefix]:
            found = exact
        if len(found) != 1 or not prefix:
            names = ", ".join(a.name for a in self.assignments()) or "none"
            problem = "several assignments start" if found else "no assignment starts"
            raise ValueError(f"{problem} with {prefix!r}; there are: {names}")
        return found[0]

    def exercises(self) -> list[CourseExercise]:
        """Return all exercises, by assignment and then in the order of the lesson.

        Exercises that the lesson lacks come last, by name.

        Raises:
            ValueError: an id is declared twice, or an exercise's folder is not as it should be.
        """
        return list(self._exercises)

    @cached_property
    def _exercises(self) -> tuple[CourseExercise, ...]:
        found: dict[str, CourseExercise] = {}
        for assignment in self.assignments():
            for exercise in self._exercises_of(assignment):
                if exercise.id in found:
                    files = (found[exercise.id].public_tests, exercise.public_tests)
                    first, second = (path.relative_to(self.root).as_posix() for path in files)
                    raise ValueError(
                        f"exercise {exercise.id!r} is declared twice, in {first} and in {second}: "
                        "give one of them another id, and its folder the same name"
                    )
                found[exercise.id] = exercise
        return tuple(found.values())

    def exercise(self, id: str) -> CourseExercise:
        """Return the exercise of an id.

        Raises:
            ValueError: no exercise has the id.
        """
        for exercise in self._exercises:
            if exercise.id == id:
                return exercise
        known = ", ".join(exercise.id for exercise in self._exercises) or "none"
        raise ValueError(f"no exercise {id!r}; there are: {known}")

    def exercises_of(self, assignment: Assignment) -> list[CourseExercise]:
        """Return the exercises of an assignment.

        Raises:
            ValueError: the assignment belongs to another course.
        """
        if assignment.notebooks != self.notebooks:
            raise ValueError(f"{assignment.ipynb} is not of the course in {self.root}")
        return [e for e in self._exercises if e.assignment == assignment]

    def artifacts_of(self, assignment: Assignment) -> tuple[str, ...]:
        """Return the names of the files that are handed in beside an assignment's notebook."""
        declared = (exercise.artifact for exercise in self.exercises_of(assignment))
        return tuple(handed_in_as(artifact) for artifact in declared if artifact)

    def earlier(self, assignment: Assignment) -> list[CourseExercise]:
        """Return the exercises of all assignments before an assignment."""
        return [e for e in self._exercises if e.assignment.name < assignment.name]

    def test_modules(self, assignment: Assignment, *, hidden: bool = True) -> list[Path]:
        """Return the test files of an assignment, exercise by exercise, public ones first."""
        exercises = self.exercises_of(assignment)
        return [path for exercise in exercises for path in exercise.test_modules(hidden=hidden)]

    def test_helpers(self) -> list[Path]:
        """Return the Python files that the tests of all exercises may use: shared ones, probes."""
        return sorted(
            path
            for entry in self.tests.iterdir()
            if entry.name != "variants" and not ASSIGNMENT_NAME.fullmatch(entry.name)
            for path in ([entry] if entry.is_file() else entry.rglob("*.py"))
            if path.suffix == ".py"
            and not path.name.startswith("test_")
            and "__pycache__" not in path.parts
        )

    def module_file(self, module: str) -> Path:
        """Return the source file of a module of the library.

        Args:
            module: dotted name of the module.

        Raises:
            ValueError: the module is not in the library.
        """
        path = self.root.joinpath(*module.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if module.split(".")[0] == self.library_name and file.is_file():
                return file
        raise ValueError(f"{module} is not a module of {self.library_name}")

    def _exercises_of(self, assignment: Assignment) -> Iterator[CourseExercise]:
        folders = {folder.name: folder for folder in exercise_folders(assignment.tests_folder)}
        inside = [id for id in assignment.lesson_order() if id in folders]
        for id in dict.fromkeys([*inside, *folders]):
            declared = read_declaration(folders[id], self.root)
            yield CourseExercise(
                **{f.name: getattr(declared.exercise, f.name) for f in fields(Exercise)},
                assignment=assignment,
                public=declared.public,
                hidden=declared.hidden,
            )


def _names(value: object, key: str, where: Path) -> tuple[str, ...]:
    """Return a list of names as a tuple."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{where}: {key} should be a list of names")
    return tuple(value)


def _course_table(pyproject: Path) -> dict[str, object] | None:
    """Return the table `[tool.course]` of a pyproject.toml, or None."""
    if not pyproject.is_file():
        return None
    table = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {}).get("course")
    return table if isinstance(table, dict) else None
