"""Grades a mutant as an answer, in a forked process that may hang or die.

Tests and fixtures are those of the judge. Only the sandbox is left out, since mutants of our own
reference are not hostile. The library that hidden tests call is not changed.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import math
import multiprocessing
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import Any

import psutil
import torch

from autograder.answers.program import Program, SetupError, execute, program_for_file
from autograder.course import Course, CourseExercise, importable
from autograder.judge.connection import probes_folder
from autograder.judge.sitting import program_definitions
from autograder.testing.reading import definitions, with_helpers
from autograder.testing.session import run_tests
from autograder.testing.submission import InProcess, Submission
from autograder.testing.verbs import SEED, Server, seed_everything
from autograder.testing.verdicts import Outcome, Result

SECRET = b"the secret of the mutants"
LEAST_CPU_SECONDS = 10.0
CPU_FACTOR = 10.0  # how many times the CPU time of the reference a mutant may take
WALL_FACTOR = 6.0  # how many times the CPU time the wall clock allows, on a busy machine
MEMORY = 4 << 30  # bytes that a mutant may allocate


class Fate(StrEnum):
    """The fate of a mutant."""

    KILLED = "killed"  # it lost marks
    DIED = "died"  # its process ended; counts as killed, too
    OUT_OF_TIME = "out of time"  # counts as killed, too
    SURVIVED = "survived"  # it got full marks: no test noticed it
    BROKE_A_TEST = "broke a test"  # a test raised: a mistake of the test


@dataclass(frozen=True)
class MutantTrial:
    """The trial of an answer.

    Attributes:
        fate: fate of the answer.
        complaint: message of the first test that the answer failed or broke.
        cpu_seconds: CPU seconds of the trial.
    """

    fate: Fate
    complaint: str
    cpu_seconds: float


class BrokenTrial(RuntimeError):
    """The trial itself failed, so that it says nothing about the mutant."""


def time_limit(reference: MutantTrial) -> float:
    """Return the CPU seconds that a mutant may take, from the trial of the reference."""
    return max(LEAST_CPU_SECONDS, CPU_FACTOR * reference.cpu_seconds)


def try_answer(
    course: Course,
    exercise: CourseExercise,
    source: str,
    cpu_seconds: float = 10 * LEAST_CPU_SECONDS,
) -> MutantTrial:
    """Grade a source as the answer to an exercise; all other exercises are the reference's.

    Args:
        course: the course.
        exercise: the exercise.
        source: source of a module that defines the exercise's object.
        cpu_seconds: CPU seconds for all tests together; by the wall clock a multiple is allowed.

    Raises:
        BrokenTrial: the tests could not be run.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, course, exercise, source, cpu_seconds))
    with ours:
        process.start()
        theirs.close()
        report: MutantTrial | str | None = None
        in_time = ours.poll(WALL_FACTOR * cpu_seconds)
        if in_time:
            with contextlib.suppress(EOFError):
                report = ours.recv()
        else:
            process.kill()
        process.join()
    if isinstance(report, str):
        raise BrokenTrial(f"{exercise.id}: the tests could not be run\n{report}")
    if report is not None:
        return report
    late = not in_time or process.exitcode == -signal.SIGXCPU
    return MutantTrial(Fate.OUT_OF_TIME if late else Fate.DIED, "", cpu_seconds)


def _serve(
    pipe: Connection, course: Course, exercise: CourseExercise, source: str, cpu_seconds: float
) -> None:
    """Grade an answer in this process, and send a `MutantTrial` or a traceback."""
    _confine(cpu_seconds)
    try:
        with importable(course.root):
            result = _graded(course, exercise, source)
        pipe.send(MutantTrial(*_fate(result), time.process_time()))
    except BaseException:
        pipe.send(traceback.format_exc())


def _confine(cpu_seconds: float) -> None:
    """Silence this process, and limit its time and memory."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    torch.set_num_threads(1)
    whole_seconds = math.ceil(cpu_seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole_seconds, whole_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = psutil.Process().memory_info().vms + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


class _AsText(InProcess):
    """A connection that turns requests and replies into text, like the connection to a worker.

    Otherwise a test and an answer would share strings, and `is` would be as good as `==`.
    """

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        tree, reply = super().exchange(json.loads(json.dumps(request)), payload)
        return json.loads(json.dumps(tree)), reply


def _graded(course: Course, exercise: CourseExercise, source: str) -> Result:
    """Return the verdicts of the judge's tests on an answer."""
    bindings = _bindings(course, exercise, source)
    program = program_for_file(exercise, source, setup="", bindings=bindings)
    answer, text = _answer(program), with_helpers(program.name, program_definitions(program).get)
    artifact = exercise.read_reference_artifact()
    server = Server(
        answer,
        probes=probes_folder(course.tests),
        library=course.library_name,
    )

    def submission() -> Submission:
        seed_everything(SEED)
        return Submission(_AsText(server), text, artifact)

    modules = exercise.test_modules()
    verdicts = run_tests(exercise.id, modules, submission, root=course.root, secret=SECRET)
    return Result(exercise.id, verdicts)


def _bindings(course: Course, exercise: CourseExercise, source: str) -> dict[str, str]:
    """Return the dotted paths of the other exercises and of the module's helpers, by name."""
    exercises = {other.name: other.object for other in course.exercises()}
    helpers = {name: f"{exercise.module}.{name}" for name in definitions([source])}
    return {name: path for name, path in (helpers | exercises).items() if name != exercise.name}


def _answer(program: Program) -> Callable[[], Any]:
    """Run a program; return a function that returns its answer, or raises the program's error."""
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    seed_everything(SEED)
    try:
        execute(program, namespace)
    except SetupError:
        raise
    except Exception as error:
        failure = error

        def broken() -> Any:
            raise failure

        return broken
    return lambda: namespace[program.name]


def _fate(result: Result) -> tuple[Fate, str]:
    """Return the fate of a mutant by its verdicts, and the first message that says why."""
    for fate, outcomes in (
        (Fate.BROKE_A_TEST, {Outcome.GRADER_ERROR}),
        (Fate.KILLED, set(Outcome) - {Outcome.PASSED}),
    ):
        for verdict in result.verdicts:
            if verdict.outcome in outcomes:
                return fate, f"{verdict.title}: {verdict.message}"
    return Fate.SURVIVED, ""
