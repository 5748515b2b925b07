"""Grades answers: one exercise at a time, each in its own worker, with the tests held here."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from autograder.build.edition import edition
from autograder.course import Assignment, Course, CourseExercise
from autograder.judge.connection import (
    CPU_SECONDS,
    WorkerCannotStart,
    WorkerConnection,
    connected,
    probes_folder,
)
from autograder.judge.sandbox import Mounts, Sandbox
from autograder.judge.secret import read_secret
from autograder.student.program import Program, program_for, program_for_file
from autograder.student.session import run_tests
from autograder.student.submission import Submission
from autograder.student.verdicts import Outcome, Result, Verdict

SEED = 20_211


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


@dataclass
class Judge:
    """Grades answers to a course's exercises.

    Args:
        course: the checkout that holds reference and tests.
        sandbox: where submissions run.
        secret: key of the hidden inputs; by default the instructor's.
    """

    course: Course
    sandbox: Sandbox
    secret: bytes | None = None
    _exercises: dict[str, CourseExercise] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.secret is None:
            self.secret = read_secret(self.course.course_id)
        self._exercises = {entry.exercise.id: entry for entry in self.course.exercises()}

    def exercise(self, id: str) -> CourseExercise:
        """The exercise of that id.

        Raises:
            LookupError: there is none; the message lists those that exist.
        """
        try:
            return self._exercises[id]
        except KeyError:
            raise LookupError(
                f"no exercise {id!r}; there are {', '.join(self._exercises)}"
            ) from None

    def exercises_of(self, assignment: Assignment) -> list[CourseExercise]:
        """The exercises of an assignment, in the order of its tests."""
        return [e for e in self._exercises.values() if e.assignment.name == assignment.name]

    def grade_notebook(
        self, assignment: Assignment, notebook: nbformat.NotebookNode
    ) -> dict[str, Graded]:
        """Grade every exercise of a submitted notebook.

        Args:
            assignment: what the notebook answers.
            notebook: the submission; only the sources of its cells are read.
        """
        graded = {}
        for entry in self.exercises_of(assignment):
            program = program_for(
                entry.exercise,
                notebook,
                setup=self._setup(assignment),
                bindings=self._bindings(entry),
                other_ids=[other.exercise.id for other in self.exercises_of(assignment)],
            )
            graded[entry.exercise.id] = self.grade(entry, program)
        return graded

    def grade_answer(self, id: str, answer: Path, *, hidden: bool = True) -> Graded:
        """Grade an answer in a plain Python file, which defines it at module level."""
        entry = self.exercise(id)
        program = program_for_file(
            entry.exercise,
            answer.read_text(encoding="utf-8"),
            setup="",
            bindings=self._bindings(entry),
        )
        return self.grade(entry, program, hidden=hidden)

    def grade(self, entry: CourseExercise, program: Program, *, hidden: bool = True) -> Graded:
        """Grade one exercise; a deadline that was hit is tried once more."""
        began = time.time()
        modules = [entry.assignment.public_tests]
        if hidden and entry.assignment.hidden_tests.exists():
            modules.append(entry.assignment.hidden_tests)
        attempts = 1
        verdicts, timings, notes = self._run(entry, program, modules)
        if any(verdict.cause == "DeadlineExceeded" for verdict in verdicts):
            attempts = 2
            verdicts, timings, notes = self._run(entry, program, modules)
        run = {
            "began": began,
            "seconds": time.time() - began,
            "host": platform.node(),
            "attempts": attempts,
            "contained": self.sandbox.contained,
            "tests": timings,
        }
        result = Result(entry.exercise.id, _without_answer(program, verdicts))
        return Graded(result, program, run, program.repairs, tuple(notes))

    def mounts(self, entry: CourseExercise) -> Mounts:
        """What a worker of this exercise sees: the edition without it and all later exercises."""
        order = list(self._exercises)
        assignment = entry.assignment.name
        stubs = {entry.exercise.id} | {
            id for id in order if self._exercises[id].assignment.name > assignment
        }
        folder = edition(self.course, stubs=stubs)
        return Mounts(folder, probes_folder(self.course.tests), tuple(self.course.runtime))

    def _run(
        self, entry: CourseExercise, program: Program, modules: Iterable[Path]
    ) -> tuple[tuple[Verdict, ...], dict[str, Any], list[str]]:
        timings: dict[str, Any] = {}
        names = ("torch.nn", "torch.optim", self.course.library.name)
        with connected(
            program,
            self.mounts(entry),
            self.sandbox,
            names=names,
            cpu_seconds=CPU_SECONDS,
            seed=SEED,
        ) as connection:
            clock = _Timings(connection, timings)

            def submission() -> Submission:
                connection.renew()
                answer = Submission(connection, program.text())
                answer.seed(SEED)
                return answer

            assert self.secret is not None
            try:
                verdicts = run_tests(
                    entry.exercise.id,
                    list(modules),
                    submission,
                    root=self.course.root,
                    secret=self.secret,
                    on_test=clock.next_test,
                )
            except WorkerCannotStart as error:
                raise GraderFailure(str(error)) from error
            clock.next_test("")
            return verdicts, timings, connection.notes

    def _setup(self, assignment: Assignment) -> str:
        """The set-up cell as released: a student's own version of it is not run."""
        notebook = nbformat.read(assignment.ipynb, as_version=4)
        return next((cell.source for cell in notebook.cells if cell.get("id") == "setup"), "")

    def _bindings(self, entry: CourseExercise) -> dict[str, str]:
        """Names of the other exercises of this and earlier assignments, and their reference."""
        return {
            other.exercise.name: other.exercise.object
            for other in self._exercises.values()
            if other.assignment.name <= entry.assignment.name
            and other.exercise.id != entry.exercise.id
        }


class GraderFailure(Exception):
    """The grader could not do its work: nothing is scored, and a person must look."""


class _Timings:
    """Notes what each test took."""

    def __init__(self, connection: WorkerConnection, timings: dict[str, Any]) -> None:
        self._connection = connection
        self._timings = timings
        self._name = ""

    def next_test(self, name: str) -> None:
        if self._name:
            clock = self._connection.clock
            self._timings[self._name] = {"wall": clock.wall, "cpu": clock.cpu}
        self._name = name


def _without_answer(program: Program, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Say for every test that there was no answer, when none was found."""
    if program.answer is not None:
        return verdicts
    return tuple(
        Verdict(
            verdict.test,
            verdict.title,
            verdict.hidden,
            Outcome.NOT_STARTED,
            0.0,
            verdict.max_points,
            message="no definition found",
            cause="NotDoneYet",
        )
        for verdict in verdicts
    )
