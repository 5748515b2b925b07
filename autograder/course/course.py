"""A course on disk: its folders, assignments and exercises.

The kit knows nothing of the course it serves. A course says where its parts are in the table
`[tool.course]` of its pyproject.toml; everything here comes from that table and from the files.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, field, fields
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from autograder.answers.artifacts import handed_in_as
from autograder.testing.exercise import Exercise, Graded, graded_methods

if TYPE_CHECKING:
    from autograder.course.variants import RightAnswer, WrongAnswer

ASSIGNMENT_NAME = re.compile(r"\d{2}_[a-z0-9_]+")


@dataclass(frozen=True)
class Assignment:
    """A notebook and its tests.

    Attributes:
        name: number and topic, such as `02_distances`.
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
        """What a run of the reference should give, beside the text source; it need not be there."""
        return self.notebooks / f"{self.name}.toml"

    @property
    def ipynb(self) -> Path:
        """The notebook built from it, in nbgrader's source form."""
        return self.notebooks / self.name / f"{self.name}.ipynb"

    @property
    def public_tests(self) -> Path:
        """Tests that students get."""
        return self.tests / f"test_{self.name}.py"

    @property
    def hidden_tests(self) -> Path:
        """Tests that they do not get."""
        return self.tests / f"test_{self.name}_hidden.py"


@dataclass(frozen=True, kw_only=True)
class CourseExercise(Exercise):
    """An exercise and its place in the course.

    Attributes:
        assignment: where it is set.
        public: points and titles of its public tests.
        hidden: points and titles of its hidden tests.
    """

    assignment: Assignment
    public: tuple[Graded, ...]
    hidden: tuple[Graded, ...]

    @property
    def folder(self) -> Path:
        """Folder of what belongs to this exercise alone."""
        return self.assignment.tests / self.assignment.name / self.id

    def right_answers(self) -> tuple[RightAnswer, ...]:
        """Return the answers that keep full marks, by name.

        Raises:
            ValueError: one cannot be read.
        """
        from autograder.course.variants import right_answers  # which reads this module's course

        return right_answers(self)

    def wrong_answers(self) -> tuple[WrongAnswer, ...]:
        """Return the answers that lose marks, by name.

        Raises:
            ValueError: one cannot be read, or is no change of its base.
        """
        from autograder.course.variants import wrong_answers

        return wrong_answers(self)

    @property
    def reference_artifact(self) -> Path | None:
        """The file that the reference would hand in, kept with the variants; None without one."""
        return self.folder / handed_in_as(self.artifact) if self.artifact else None

    def read_reference_artifact(self) -> bytes | None:
        """Content of the file that the reference would hand in; None without one."""
        kept = self.reference_artifact
        return None if kept is None else kept.read_bytes()


@dataclass(frozen=True)
class Course:
    """A course, as its table `[tool.course]` describes it.

    Attributes:
        root: folder of the pyproject.toml.
        title: what people call it.
        course_id: what nbgrader and file names call it.
        library_name: package that holds the reference; likewise the tests' and the data scripts'.
        notebooks_name: folder of the notebooks.
        runtime: distributions that an answer may import; the sandbox shows these.
        late: what handing in late costs, read by `autograder.gradebook.late`; empty for nothing.
    """

    root: Path
    title: str
    course_id: str
    library_name: str
    tests_name: str
    notebooks_name: str
    data_name: str
    runtime: tuple[str, ...]
    late: dict[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """The course that a folder belongs to: the nearest above it with a `[tool.course]`.

        Args:
            start: the folder, or a file in it; default the working directory.

        Raises:
            ValueError: there is none, or its table is not complete.
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
        optional = {each.name for each in fields(cls) if each.default_factory is not MISSING}
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
        runtime, late = values.pop("runtime"), values.pop("late", {})
        if not isinstance(runtime, list) or not all(isinstance(name, str) for name in runtime):
            raise ValueError(f"{root / 'pyproject.toml'}: runtime should be a list of names")
        if not isinstance(late, dict):
            raise ValueError(f"{root / 'pyproject.toml'}: late should be a table")
        if bad := [key for key, value in values.items() if not isinstance(value, str)]:
            raise ValueError(f"{root / 'pyproject.toml'}: {', '.join(bad)} should be a string")
        return cls(root=root, runtime=tuple(runtime), late=late, **values)  # type: ignore[arg-type]

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
        """Folder for caches; safe to delete."""
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
        """The assignments, in the order of their numbers."""
        return [
            Assignment(path.stem, self.notebooks, self.tests)
            for path in sorted(self.notebooks.glob("*.py"))
            if ASSIGNMENT_NAME.fullmatch(path.stem)
        ]

    def assignment(self, prefix: str) -> Assignment:
        """The assignment whose name starts with `prefix`.

        Raises:
            ValueError: none does, or several do.
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
        """All exercises, by assignment and, within one, in the order that its tests declare.

        Raises:
            ValueError: an id is declared twice, or hidden tests belong to no exercise.
        """
        return list(self._exercises)

    @cached_property
    def _exercises(self) -> tuple[CourseExercise, ...]:
        found: dict[str, CourseExercise] = {}
        for assignment in self.assignments():
            for exercise in self._exercises_of(assignment):
                if exercise.id in found:
                    raise ValueError(
                        f"exercise {exercise.id!r} is declared twice: in "
                        f"{found[exercise.id].assignment.public_tests.name} and in "
                        f"{assignment.public_tests.name}"
                    )
                found[exercise.id] = exercise
        return tuple(found.values())

    def exercise(self, id: str) -> CourseExercise:
        """The exercise of that id.

        Raises:
            ValueError: there is none.
        """
        for exercise in self._exercises:
            if exercise.id == id:
                return exercise
        known = ", ".join(exercise.id for exercise in self._exercises) or "none"
        raise ValueError(f"no exercise {id!r}; there are: {known}")

    def exercises_of(self, assignment: Assignment) -> list[CourseExercise]:
        """The exercises of one assignment.

        Raises:
            ValueError: the assignment is another course's, of which nothing is known here.
        """
        if assignment.notebooks != self.notebooks:
            raise ValueError(f"{assignment.ipynb} is not of the course in {self.root}")
        return [e for e in self._exercises if e.assignment == assignment]

    def artifacts_of(self, assignment: Assignment) -> tuple[str, ...]:
        """Names of the files that are handed in beside an assignment's notebook."""
        declared = (exercise.artifact for exercise in self.exercises_of(assignment))
        return tuple(handed_in_as(artifact) for artifact in declared if artifact)

    def earlier(self, assignment: Assignment) -> list[CourseExercise]:
        """The exercises of the assignments before one."""
        return [e for e in self._exercises if e.assignment.name < assignment.name]

    def test_modules(self, assignment: Assignment, *, hidden: bool = True) -> list[Path]:
        """The assignment's test files that exist, public ones first."""
        files = [assignment.public_tests, *([assignment.hidden_tests] if hidden else [])]
        return [path for path in files if path.is_file()]

    def module_file(self, module: str) -> Path:
        """Source file of one of the library's modules (dotted name).

        Raises:
            ValueError: it is not in the library.
        """
        path = self.root.joinpath(*module.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if module.split(".")[0] == self.library_name and file.is_file():
                return file
        raise ValueError(f"{module} is not a module of {self.library_name}")

    def _exercises_of(self, assignment: Assignment) -> Iterator[CourseExercise]:
        public = self._test_classes(assignment.public_tests)
        hidden = self._test_classes(assignment.hidden_tests)
        declared = [cls.exercise.id for cls in public if hasattr(cls, "exercise")]
        ids = [getattr(cls, "exercise_id", "") for cls in hidden]
        if strays := [id for id in ids if id not in declared]:
            raise ValueError(
                f"{assignment.hidden_tests.name} tests {', '.join(strays)}, which "
                f"{assignment.public_tests.name} does not declare with @exercise"
            )
        for cls in public:
            if hasattr(cls, "exercise"):
                _require_different_names([*public, *hidden], cls.exercise.id)
                yield CourseExercise(
                    **{f.name: getattr(cls.exercise, f.name) for f in fields(Exercise)},
                    assignment=assignment,
                    public=_marks(public, cls.exercise.id),
                    hidden=_marks(hidden, cls.exercise.id),
                )

    def _test_classes(self, path: Path) -> list[type]:
        if not path.is_file():
            return []
        stat = path.stat()
        module = _load(path, self.root, stat.st_mtime_ns, stat.st_size)
        return [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and value.__module__ == module.__name__
            and hasattr(value, "exercise_id")
        ]


def _course_table(pyproject: Path) -> dict[str, object] | None:
    """The table `[tool.course]` of a pyproject.toml, or None."""
    if not pyproject.is_file():
        return None
    table = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {}).get("course")
    return table if isinstance(table, dict) else None


def _tests_of(classes: list[type], exercise: str) -> list[tuple[str, Graded]]:
    """Names and marks of an exercise's tests."""
    return [
        test
        for cls in classes
        if cls.exercise_id == exercise  # type: ignore[attr-defined]
        for test in graded_methods(cls)
    ]


def _marks(classes: list[type], exercise: str) -> tuple[Graded, ...]:
    return tuple(graded for _, graded in _tests_of(classes, exercise))


def _require_different_names(classes: list[type], exercise: str) -> None:
    """Refuse tests of one exercise that share a method's name, which tells verdicts apart."""
    names = [name for name, _ in _tests_of(classes, exercise)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(
            f"exercise {exercise!r} has several tests named {', '.join(twice)}: "
            "rename the hidden one"
        )


@lru_cache(maxsize=256)
def _load(path: Path, root: Path, mtime: int, size: int) -> ModuleType:
    """Import a test file as data: under a name of its own, with the course's root importable."""
    name = f"_course_{sha256(str(path).encode()).hexdigest()[:12]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    with importable(root):
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return module


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let the block import the packages of a folder."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
