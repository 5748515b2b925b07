"""Grades answers: one exercise at a time, each in its own worker, with the tests held here."""

from __future__ import annotations

import ast
import contextlib
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat

from autograder.build.edition import edition
from autograder.course import Assignment, Course, CourseExercise
from autograder.judge.artifacts import artifacts_of, digest_of
from autograder.judge.connection import WorkerConnection, connected, probes_folder
from autograder.judge.deadlines import deadline, remember, remembered
from autograder.judge.sandbox import Mounts, Sandbox
from autograder.judge.secret import read_secret
from autograder.judge.workers import WorkerSource, worker_source
from autograder.student.artifacts import handed_in_as
from autograder.student.errors import DeadlineExceeded, SubmissionError
from autograder.student.program import Program, program_for, program_for_file, python_of
from autograder.student.reading import definitions, with_helpers
from autograder.student.session import run_tests
from autograder.student.submission import Submission
from autograder.student.verbs import PUBLIC_NAMES, SEED
from autograder.student.verdicts import Outcome, Result, Verdict

WORKER_NEEDS = ("numpy", "torch")
NOT_FOUND = "no definition found"


@dataclass(frozen=True)
class Graded:
    """An exercise, graded.

    Attributes:
        result: the verdicts; what counts.
        program: what was run.
        run: durations, host and other things that differ from run to run.
        repairs: what was mended to find the answer, for the assistant to accept or override.
        notes: errors of the student's other cells.
    """

    result: Result
    program: Program
    run: dict[str, Any]
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What was found, as plain data."""
        return {
            "result": self.result.to_json(),
            "program": self.program.to_json(),
            "run": self.run,
            "repairs": list(self.repairs),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Graded:
        """The inverse of `to_json`."""
        return cls(
            Result.from_json(data["result"]),
            Program.from_json(data["program"]),
            data["run"],
            tuple(data["repairs"]),
            tuple(data["notes"]),
        )


@dataclass(frozen=True)
class _Attempt:
    """One run of an exercise's tests."""

    verdicts: tuple[Verdict, ...]
    timings: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    overslept: bool = False


@dataclass
class Judge:
    """Grades answers to a course's exercises.

    Workers come from fork servers that live as long as the judge, or until `close`; a judge that is
    sent to another process starts its own there.

    Args:
        course: the checkout that holds reference and tests.
        sandbox: where submissions run.
        secret: key of the hidden inputs; by default the instructor's.
    """

    course: Course
    sandbox: Sandbox
    secret: bytes | None = None
    _source: WorkerSource = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.secret is None:
            self.secret = read_secret(self.course.course_id)
        self._source = worker_source(self.sandbox)

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_source"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._source = worker_source(self.sandbox)

    def close(self) -> None:
        """End the fork servers; they start again when they are needed again."""
        self._source.close()

    def grade_notebook(
        self, assignment: Assignment, notebook: nbformat.NotebookNode
    ) -> dict[str, Graded]:
        """Grade every exercise of a submitted notebook.

        Args:
            assignment: what the notebook answers.
            notebook: the submission; only the sources of its cells are read, and the artifacts that
                it carries (see `with_artifacts`).
        """
        exercises = self.course.exercises_of(assignment)
        setup = self._setup(assignment)
        artifacts = artifacts_of(notebook)
        graded = {}
        for exercise in exercises:
            program = program_for(
                exercise,
                notebook,
                setup=setup,
                bindings=self._bindings(exercise),
                other_ids=[other.id for other in exercises],
            )
            artifact = artifacts.get(handed_in_as(exercise.artifact))
            try:
                graded[exercise.id] = self.grade(exercise, program, artifact)
            except Exception as error:  # costs this exercise its mark, and no other one
                graded[exercise.id] = _not_graded(exercise, program, error)
        return graded

    def grade_answer(
        self, id: str, answer: Path, *, artifact: Path | None = None, hidden: bool = True
    ) -> Graded:
        """Grade an answer in a plain Python file, which defines it at module level.

        Args:
            id: of the exercise.
            answer: the file.
            artifact: what is handed in with it; by default the reference's.
            hidden: whether hidden tests run, too.
        """
        exercise = self.course.exercise(id)
        artifact = artifact or exercise.reference_artifact
        program = program_for_file(
            exercise,
            answer.read_text(encoding="utf-8"),
            setup="",
            bindings=self._bindings(exercise),
        )
        content = None if artifact is None else artifact.read_bytes()
        return self.grade(exercise, program, content, hidden=hidden)

    def grade(
        self,
        exercise: CourseExercise,
        program: Program,
        artifact: bytes | None = None,
        *,
        hidden: bool = True,
    ) -> Graded:
        """Grade one exercise.

        A test that ran out of time by the wall clock alone is run once more: the machine may have
        been busy. CPU time is the same on any day.
        """
        began = time.time()
        modules = self.course.test_modules(exercise.assignment, hidden=hidden)
        deadlines = self._deadlines(exercise)
        program = replace(program, artifact=digest_of(artifact))
        first = self._run(exercise, program, artifact, modules, deadlines)
        last = first
        if first.overslept:
            known = {verdict.test: verdict for verdict in first.verdicts if _stands(verdict)}
            last = self._run(exercise, program, artifact, modules, deadlines, known)
        run = {
            "began": began,
            "seconds": time.time() - began,
            "host": platform.node(),
            "attempts": 2 if first.overslept else 1,
            "contained": self.sandbox.contained,
            "tests": first.timings | last.timings,
        }
        result = Result(exercise.id, last.verdicts)
        return Graded(result, program, run, program.repairs, tuple(last.notes))

    def mounts(self, exercise: CourseExercise) -> Mounts:
        """What a worker of this exercise sees: the edition without it and all later exercises."""
        later = {
            other.id
            for other in self.course.exercises()
            if other.assignment.name > exercise.assignment.name
        }
        folder = edition(self.course, stubs={exercise.id} | later)
        runtime = (*WORKER_NEEDS, *self.course.runtime)
        packages = (self.course.data,) if self.course.data.is_dir() else ()
        return Mounts(folder, probes_folder(self.course.tests), runtime, packages)

    def _deadlines(self, exercise: CourseExercise) -> dict[str, float]:
        """CPU seconds for each test, from a run of the reference."""
        times = remembered(self.course, exercise)
        if times is None:
            source = self.course.module_file(exercise.module).read_text(encoding="utf-8")
            program = program_for_file(
                exercise, source, setup="", bindings=self._bindings(exercise)
            )
            modules = self.course.test_modules(exercise.assignment)
            kept = exercise.reference_artifact
            artifact = None if kept is None else kept.read_bytes()
            timings = self._run(exercise, program, artifact, modules, {}).timings
            times = {test: timing["cpu"] for test, timing in timings.items()}
            remember(self.course, exercise, times)
        least = self.sandbox.limits.cpu_of_a_test
        return {test: deadline(seconds, least) for test, seconds in times.items()}

    def _run(
        self,
        exercise: CourseExercise,
        program: Program,
        artifact: bytes | None,
        modules: Iterable[Path],
        deadlines: Mapping[str, float],
        known: Mapping[str, Verdict] | None = None,
    ) -> _Attempt:
        timings: dict[str, Any] = {}
        names = (*PUBLIC_NAMES, self.course.library_name)
        if program.answer is None:
            verdicts = self._verdicts(exercise, modules, lambda: Submission(_NoAnswer()))
            return _Attempt(_without_answer(verdicts))
        text = with_helpers(program.name, program_definitions(program).get)
        with connected(
            program,
            self.mounts(exercise),
            self._source,
            imports=self._imports(exercise, program),
            names=names,
            seed=SEED,
        ) as connection:
            clock = _Timings(connection, timings)

            def submission() -> Submission:
                connection.cpu_seconds = deadlines.get(
                    clock.name, self.sandbox.limits.cpu_of_a_test
                )
                connection.renew()
                answer = Submission(connection, text, artifact)
                answer.seed(SEED)
                return answer

            verdicts = self._verdicts(exercise, modules, submission, clock.next_test, known)
            clock.next_test("")
            return _Attempt(verdicts, timings, connection.notes, connection.overslept)

    def _verdicts(
        self,
        exercise: CourseExercise,
        modules: Iterable[Path],
        submission: Callable[[], Submission],
        on_test: Callable[[str], None] | None = None,
        known: Mapping[str, Verdict] | None = None,
    ) -> tuple[Verdict, ...]:
        assert self.secret is not None
        return run_tests(
            exercise.id,
            list(modules),
            submission,
            root=self.course.root,
            secret=self.secret,
            on_test=on_test,
            known=known,
        )

    def _imports(self, exercise: CourseExercise, program: Program) -> tuple[str, ...]:
        """What the lesson imports, and the modules of the references that the program is bound to.

        Students leave the lesson's imports in their notebooks; loaded once, they cost no time.
        """
        notebook = exercise.assignment.ipynb
        modules: tuple[str, ...] = ()
        if notebook.is_file():
            modules = _imports_of(notebook, notebook.stat().st_mtime_ns)
        bound = (path.rpartition(".")[0] for path in program.bindings.values())
        return tuple(dict.fromkeys([*modules, *bound]))

    def _setup(self, assignment: Assignment) -> str:
        """The set-up cell as released: a student's own version of it is not run."""
        if not assignment.ipynb.is_file():
            raise FileNotFoundError(f"{assignment.ipynb} is missing: run `course notebooks`")
        notebook = nbformat.read(assignment.ipynb, as_version=4)
        return next((cell.source for cell in notebook.cells if cell.get("id") == "setup"), "")

    def _bindings(self, exercise: CourseExercise) -> dict[str, str]:
        """Names of the other exercises of this and earlier assignments, and their reference."""
        return {
            other.name: other.object
            for other in self.course.exercises()
            if other.assignment.name <= exercise.assignment.name and other.id != exercise.id
        }


def program_definitions(program: Program) -> dict[str, str]:
    """Functions and classes that a program's answer may call, and the answer's own."""
    answer = [] if program.answer is None else [program.answer.source]
    return definitions([*(cell.source for cell in program.others), *answer])


@lru_cache(maxsize=64)
def _imports_of(notebook: Path, mtime: int) -> tuple[str, ...]:
    """Modules that the cells of a notebook import: of ours, so that they may be loaded for all."""
    modules: dict[str, None] = {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        with contextlib.suppress(SyntaxError):
            for node in ast.walk(ast.parse(python_of(cell.source))):
                if isinstance(node, ast.Import):
                    modules |= dict.fromkeys(name.name for name in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules[node.module] = None
    return tuple(modules)


def _stands(verdict: Verdict) -> bool:
    """Whether a verdict does not depend on a deadline."""
    late = verdict.cause == DeadlineExceeded.__name__
    return not late and verdict.outcome is not Outcome.NOT_CHECKED


class _NoAnswer:
    """A connection to an answer that is not there."""

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Say so, without a worker."""
        raise SubmissionError(("NotDoneYet",), NOT_FOUND, not_started=True)


def _not_graded(exercise: CourseExercise, program: Program, error: Exception) -> Graded:
    """The grader's own failure on an exercise."""
    verdicts = tuple(
        Verdict(
            f"test {number}",
            test.title,
            hidden,
            Outcome.GRADER_ERROR,
            None,
            test.points,
            message=f"{type(error).__name__}: {error}",
            cause=type(error).__name__,
        )
        for tests, hidden in ((exercise.public, False), (exercise.hidden, True))
        for number, test in enumerate(tests, start=1)
    )
    return Graded(Result(exercise.id, verdicts), program, {}, program.repairs)


class _Timings:
    """Notes what each test took."""

    def __init__(self, connection: WorkerConnection, timings: dict[str, Any]) -> None:
        self._connection = connection
        self._timings = timings
        self.name = ""

    def next_test(self, name: str) -> None:
        if self.name:
            clock = self._connection.clock
            self._timings[self.name] = {"wall": clock.wall, "cpu": clock.cpu}
        self.name = name


def _without_answer(verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Say for every test that there was no answer."""
    return tuple(
        replace(verdict, outcome=Outcome.NOT_STARTED, message=NOT_FOUND, cause="NotDoneYet")
        for verdict in verdicts
    )
