"""Grades answers one at a time: each answer runs in its own worker, the tests in this process."""

from __future__ import annotations

import contextlib
import copy
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat

from autograder.answers.artifacts import handed_in_as
from autograder.answers.program import Program, program_for, program_for_file
from autograder.course import Assignment, Course, CourseExercise
from autograder.course.editions import edition
from autograder.judge.artifacts import artifact_digest, artifacts_of
from autograder.judge.choices import as_chosen, choices_of, in_words
from autograder.judge.connection import WorkerConnection
from autograder.judge.deadlines import deadline, remember, remembered
from autograder.judge.sandbox import Mounts, Sandbox
from autograder.judge.secret import read_secret
from autograder.judge.sitting import Running, Sitting
from autograder.judge.starting import imported_by, mounts_with, worker_source
from autograder.judge.workers import WorkerSource
from autograder.testing.errors import DeadlineExceeded
from autograder.testing.session import run_trials, verdicts_of
from autograder.testing.verbs import SEED
from autograder.testing.verdicts import Outcome, Result, Verdict


@dataclass(frozen=True)
class GradedExercise:
    """A graded answer.

    Attributes:
        result: the verdicts, which count.
        program: the program that was run.
        run: durations, host and other things that differ from run to run.
        repairs: the repairs that were made to find the answer, which an assistant may accept or
            override.
        notes: errors of the student's other cells.
    """

    result: Result
    program: Program
    run: dict[str, Any]
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the graded answer as plain data."""
        return {
            "result": self.result.to_json(),
            "program": self.program.to_json(),
            "run": self.run,
            "repairs": list(self.repairs),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GradedExercise:
        """Make a graded answer from plain data; the inverse of `to_json`."""
        return cls(
            Result.from_json(data["result"]),
            Program.from_json(data["program"]),
            data["run"],
            tuple(data["repairs"]),
            tuple(data["notes"]),
        )


@dataclass
class Judge:
    """Grades answers to a course's exercises.

    Workers come from fork servers, which run as long as the judge exists, or until `close`. A judge
    that is sent to another process starts its own fork servers there.

    Args:
        course: the course, with reference and tests.
        sandbox: the sandbox that submissions run in.
        secret: the key that hidden inputs are drawn with; by default the instructor's secret.
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
        """End the fork servers; new ones are started when the judge needs them."""
        self._source.close()

    def take_workers_from(self, source: WorkerSource) -> None:
        """Take workers from a source that is starting already; see `begin_to_start`."""
        self._source.close()
        self._source = source

    def prepare(self, assignment: Assignment) -> None:
        """Begin to start the fork server of an assignment, without waiting for it."""
        for exercise in self.course.exercises_of(assignment)[:1]:  # all exercises share a server
            self._source.prepare(self.mounts(exercise), imported_by(assignment))

    def lent(self) -> Judge:
        """Return a judge for a process that was forked from the process of this judge.

        It shares the fork servers of this judge, and has its own workers.
        """
        judge = copy.copy(self)
        judge._source = self._source.lent()
        return judge

    def grade_notebook(
        self, assignment: Assignment, notebook: nbformat.NotebookNode
    ) -> dict[str, GradedExercise]:
        """Grade every exercise of a submitted notebook.

        Args:
            assignment: the assignment.
            notebook: the notebook of the submission. Only the sources of its cells, and the
                artifacts and choices in its metadata, are read (see `with_artifacts`,
                `with_choices`).

        Returns:
            The graded answers, by id of the exercise.
        """
        exercises = self.course.exercises_of(assignment)
        setup = self._setup(assignment)
        artifacts = artifacts_of(notebook)
        programs = {
            exercise.id: self._program(exercise, notebook, setup, exercises)
            for exercise in exercises
        }
        graded: dict[str, GradedExercise] = {}
        sittings: dict[str, Sitting] = {}
        for exercise in exercises:
            artifact = artifacts.get(handed_in_as(exercise.artifact))
            try:
                sittings[exercise.id] = self._sitting(exercise, programs[exercise.id], artifact)
            except Exception as error:  # the other exercises are still graded
                graded[exercise.id] = _not_graded(exercise, programs[exercise.id], error)
        with contextlib.suppress(Exception):  # answers without verdicts are tried again, alone
            self._hold(sittings)
        for id, sitting in sittings.items():
            try:
                graded[id] = self._graded(sitting)
            except Exception as error:
                graded[id] = _not_graded(sitting.exercise, sitting.program, error)
        return {exercise.id: graded[exercise.id] for exercise in exercises}

    def _program(
        self,
        exercise: CourseExercise,
        notebook: nbformat.NotebookNode,
        setup: str,
        exercises: Sequence[CourseExercise],
    ) -> Program:
        """Return the program of an exercise: the answer is found, or was chosen by an assistant."""

        def read(cells: Mapping[str, Any]) -> Program:
            others = [other.id for other in exercises]
            bindings = self._bindings(exercise)
            return program_for(exercise, cells, setup=setup, bindings=bindings, other_ids=others)

        choice = choices_of(notebook).get(exercise.id)
        if choice is None:
            return read(notebook)
        chosen = as_chosen(notebook, exercise.id, choice)
        answer = read({**chosen, "cells": chosen["cells"][-1:]}).answer
        return replace(read(chosen), answer=answer, repairs=(in_words(choice),))

    def grade_answer(
        self, id: str, answer: Path, *, artifact: Path | None = None, hidden: bool = True
    ) -> GradedExercise:
        """Grade an answer in a plain Python file, which defines it at module level.

        Args:
            id: id of the exercise.
            answer: path of the file.
            artifact: path of the artifact; by default the artifact of the reference is used.
            hidden: whether to run hidden tests, too.
        """
        source = answer.read_text(encoding="utf-8")
        return self.grade_source(id, source, artifact=artifact, hidden=hidden)

    def grade_source(
        self, id: str, source: str, *, artifact: Path | None = None, hidden: bool = True
    ) -> GradedExercise:
        """Grade an answer that is given as Python source, not in a file; see `grade_answer`."""
        exercise = self.course.exercise(id)
        content = artifact.read_bytes() if artifact else exercise.read_reference_artifact()
        program = program_for_file(exercise, source, setup="", bindings=self._bindings(exercise))
        return self.grade(exercise, program, content, hidden=hidden)

    def grade(
        self,
        exercise: CourseExercise,
        program: Program,
        artifact: bytes | None = None,
        *,
        hidden: bool = True,
    ) -> GradedExercise:
        """Grade the answer to one exercise.

        A test that used up its time only by the wall clock is run once more, since the machine may
        have been busy. CPU time does not depend on how busy the machine is.
        """
        return self._graded(self._sitting(exercise, program, artifact), hidden=hidden)

    def mounts(self, exercise: CourseExercise) -> Mounts:
        """Return the files that a worker of an exercise sees.

        Its edition of the library lacks this exercise and the exercises of later assignments.
        """
        later = {
            other.id
            for other in self.course.exercises()
            if other.assignment.name > exercise.assignment.name
        }
        folder = edition(self.course, stubs={exercise.id} | later)
        return mounts_with(self.course, folder)

    def deadlines(self, exercise: CourseExercise) -> dict[str, float]:
        """Return the CPU seconds that each test may take.

        They come from a run of the reference, which is done here if its times are not kept yet.
        """
        times = remembered(self.course, exercise)
        if times is None:
            source = self.course.module_file(exercise.module).read_text(encoding="utf-8")
            program = program_for_file(
                exercise, source, setup="", bindings=self._bindings(exercise)
            )
            artifact = exercise.read_reference_artifact()
            sitting = self._new_sitting(exercise, program, artifact, deadlines={})
            self._hold({exercise.id: sitting})
            times = {test: timing["cpu"] for test, timing in sitting.timings.items()}
            remember(self.course, exercise, times)
        least = self.sandbox.limits.cpu_of_a_test
        return {test: deadline(seconds, least) for test, seconds in times.items()}

    def _sitting(
        self, exercise: CourseExercise, program: Program, artifact: bytes | None
    ) -> Sitting:
        program = replace(program, artifact=artifact_digest(artifact))
        deadlines = self.deadlines(exercise)
        return self._new_sitting(exercise, program, artifact, deadlines=deadlines)

    def _new_sitting(
        self,
        exercise: CourseExercise,
        program: Program,
        artifact: bytes | None,
        *,
        deadlines: Mapping[str, float],
    ) -> Sitting:
        connection = WorkerConnection(
            program,
            self.mounts(exercise),
            self._source,
            imports=self._imports(exercise, program),
            library=self.course.library_name,
            seed=SEED,
        )
        least = self.sandbox.limits.cpu_of_a_test
        return Sitting(exercise, program, artifact, connection, deadlines, least)

    def _hold(self, sittings: Mapping[str, Sitting], *, hidden: bool = True) -> None:
        """Run the tests of answers, one answer after the other.

        Args:
            sittings: the sittings of the answers, by id of the exercise.
            hidden: whether to run hidden tests, too.

        Raises:
            LookupError: tests cannot be imported, or there are none for one of the exercises.
        """
        assert self.secret is not None
        running = Running()
        trials = {id: sitting.trial(running) for id, sitting in sittings.items()}
        modules = [
            module
            for sitting in sittings.values()
            for module in sitting.exercise.test_modules(hidden=hidden)
        ]
        try:
            found = run_trials(trials, modules, root=self.course.root, secret=self.secret)
        finally:
            running.change_to(None)
        for id, sitting in sittings.items():
            sitting.verdicts = found.get(id, ())
        for id in sittings:
            verdicts_of(id, found, modules)

    def _graded(self, sitting: Sitting, *, hidden: bool = True) -> GradedExercise:
        """Return what was found at a sitting; run its tests first if they were not run yet.

        Tests that used up their time by the wall clock are run once more, alone.
        """
        id = sitting.exercise.id
        if not sitting.verdicts:
            self._hold({id: sitting}, hidden=hidden)
        last = sitting
        if sitting.overslept:
            last = self._new_sitting(
                sitting.exercise, sitting.program, sitting.artifact, deadlines=sitting.deadlines
            )
            last.known = {v.test: v for v in sitting.verdicts if _stands(v)}
            self._hold({id: last}, hidden=hidden)
        run = {
            "began": sitting.began,
            "seconds": last.ended - sitting.began,
            "host": platform.node(),
            "attempts": 2 if sitting.overslept else 1,
            "contained": self.sandbox.contained,
            "tests": sitting.timings | last.timings,
        }
        program = sitting.program
        notes = tuple(last.connection.notes)
        return GradedExercise(Result(id, last.found), program, run, program.repairs, notes)

    def _imports(self, exercise: CourseExercise, program: Program) -> tuple[str, ...]:
        """Return the modules that the lesson imports, and those of the program's references.

        Students leave the lesson's imports in their notebooks. A warm process imports them once for
        all its workers.
        """
        modules = imported_by(exercise.assignment)
        bound = (path.rpartition(".")[0] for path in program.bindings.values())
        return tuple(dict.fromkeys([*modules, *bound]))

    def _setup(self, assignment: Assignment) -> str:
        """Return the source of the released set-up cell; a student's version of it is not run."""
        if not assignment.ipynb.is_file():
            raise FileNotFoundError(f"{assignment.ipynb} is missing: run `course notebooks`")
        notebook = nbformat.read(assignment.ipynb, as_version=4)
        return next((cell.source for cell in notebook.cells if cell.get("id") == "setup"), "")

    def _bindings(self, exercise: CourseExercise) -> dict[str, str]:
        """Return the references of the other exercises of this and earlier assignments, by name."""
        return {
            other.name: other.object
            for other in self.course.exercises()
            if other.assignment.name <= exercise.assignment.name and other.id != exercise.id
        }


def _stands(verdict: Verdict) -> bool:
    """Return whether a verdict does not depend on a deadline."""
    late = verdict.cause == DeadlineExceeded.__name__
    return not late and verdict.outcome is not Outcome.NOT_CHECKED


def _not_graded(exercise: CourseExercise, program: Program, error: Exception) -> GradedExercise:
    """Return verdicts that say that the grader itself failed on an exercise."""
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
    return GradedExercise(Result(exercise.id, verdicts), program, {}, program.repairs)
