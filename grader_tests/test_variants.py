"""The tests of the tests: right answers keep full marks, wrong ones lose some and are told why.

A variant is a Python file that defines an exercise's object. The docstring of a wrong one has a
line `Diagnosis: ...`: text that the feedback of the tests that it fails must contain.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.judge.grading import Judge
from autograder.judge.sandbox import Bubblewrap, Unsandboxed, sandbox_problem
from autograder.student.rendering import text

VARIANTS = Path(__file__).parent / "variants"
FEWEST_RIGHT, FEWEST_WRONG = 3, 10


def variants(kind: str) -> list:
    """The files of a kind, as pytest parameters named after exercise and file."""
    return [
        pytest.param(path, id=f"{path.parent.parent.name}-{path.stem}")
        for path in sorted(VARIANTS.glob(f"*/{kind}/*.py"))
    ]


def diagnosis_of(path: Path) -> str:
    """The text that a wrong answer's feedback must contain."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    found = re.search(r"^Diagnosis: (.+)$", docstring, re.MULTILINE)
    assert found, f"{path}: the docstring of a wrong answer has a line `Diagnosis: ...`"
    return found.group(1).strip()


@pytest.fixture(scope="session")
def judge() -> Judge:
    # Our own files, so they may run where there is no bubblewrap; hostile ones are elsewhere.
    sandbox = Unsandboxed() if sandbox_problem() else Bubblewrap()
    return Judge(Course.find(Path(__file__)), sandbox, secret=b"the secret of the variants")


@pytest.mark.parametrize("path", variants("right"))
def test_a_right_answer_keeps_full_marks(judge: Judge, path: Path) -> None:
    result = judge.grade_answer(path.parent.parent.name, path).result
    assert result.points == result.max_points, text(result)


@pytest.mark.parametrize("path", variants("wrong"))
def test_a_wrong_answer_loses_marks_and_is_told_why(judge: Judge, path: Path) -> None:
    result = judge.grade_answer(path.parent.parent.name, path).result
    assert result.points is not None, f"the grader failed:\n{text(result)}"
    assert result.points < result.max_points, text(result)
    feedback = "\n".join(
        f"{verdict.message}\n{verdict.diagnosis}\n{verdict.help}" for verdict in result.verdicts
    )
    assert diagnosis_of(path) in feedback, text(result)


@pytest.mark.parametrize("exercise", Course.find(Path(__file__)).exercises(), ids=lambda e: e.id)
def test_an_exercise_has_enough_variants(exercise) -> None:
    folder = VARIANTS / exercise.id
    assert len(list(folder.glob("right/*.py"))) >= FEWEST_RIGHT
    assert len(list(folder.glob("wrong/*.py"))) >= FEWEST_WRONG


def test_every_variant_belongs_to_an_exercise() -> None:
    known = {exercise.id for exercise in Course.find(VARIANTS).exercises()}
    assert {folder.name for folder in VARIANTS.iterdir() if folder.is_dir()} <= known
