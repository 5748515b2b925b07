"""pytest fixtures that run the tests of the exercises on the reference."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from typing import Any

import pytest
import torch

from autograder.course import Course, CourseExercise
from autograder.judge.connection import probes_folder
from autograder.testing.session import generator_for
from autograder.testing.submission import InProcess, Submission
from autograder.testing.verbs import SEED, Server, seed_everything


@pytest.fixture
def submission(request: pytest.FixtureRequest) -> Submission:
    """Return the reference of the exercise in the form of a student's answer."""
    course = _course(request.config.rootpath)
    exercise = course.exercise(request.cls.exercise_id)
    answer = reference(exercise)
    seed_everything(SEED)
    server = Server(
        lambda: answer,
        probes=probes_folder(course.tests),
        library=course.library_name,
    )
    return Submission(
        InProcess(server), inspect.getsource(answer), exercise.read_reference_artifact()
    )


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> torch.Generator:
    """Return a generator of inputs like that of hidden tests, with a key of its own."""
    return generator_for(b"reference", f"{request.cls.exercise_id}.{request.node.name}")


def reference(exercise: CourseExercise) -> Any:
    """Return the reference of an exercise, a function or a class."""
    return getattr(importlib.import_module(exercise.module), exercise.name)


@cache
def _course(root: Any) -> Course:
    return Course.find(root)
