"""A released tiny course, submissions to it, and a judge whose findings a test chooses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat

from autograder.answers.program import Cell, Program
from autograder.authoring.notebook import build_notebooks
from autograder.course import Assignment, Course
from autograder.gradebook.standing import ClassGrades
from autograder.judge.grading import GradedExercise, Judge
from autograder.judge.sandbox import Sandbox, Unsandboxed
from autograder.judging.bench import bench_for
from autograder.nbgrader.grade import grade_class
from autograder.regrading.regrade import Regrade, regrade
from autograder.regrading.verifying import Verified, verify_grade
from autograder.releasing.student_form import generate_assignment, released_notebook
from autograder.testing.verdicts import Outcome, Result, Verdict

TINY_COURSE = Path(__file__).parent.parent / "fixtures" / "tiny_course"
CONFIG = Path(__file__).parent.parent.parent / "nbgrader_config.py"
SECRET = b"the secret of these tests"

DOT = "def dot(x, y):\n    return float(sum(a * b for a, b in zip(x, y)))\n"
ADDS = "def dot(x, y):\n    return float(sum(x) + sum(y))\n"
NORM = "def norm(x):\n    return math.sqrt(dot(x, x))\n"

ARTIFACT, ARTIFACT_NAME = "weights/norm.bin", "norm.bin"
ARTIFACT_TEST = """
    @graded(10, "the file that came with it", after="test_triangle")
    def test_artifact(self, submission):
        assert submission.artifact == {content!r}, f"handed in: {{submission.artifact!r}}"
"""

Notebook = dict[str, Any]


def released_course(folder: Path, *, artifact: bytes | None = None) -> Course:
    """A copy of the tiny course whose first assignment is released.

    Args:
        folder: where.
        artifact: when given, `norm` asks for a file `ARTIFACT` with this content, for 10 points.
    """
    shutil.copytree(TINY_COURSE, folder, ignore=shutil.ignore_patterns("__pycache__", ".course"))
    shutil.copy(CONFIG, folder)
    if artifact is not None:
        _ask_for_artifact(folder / "tiny_tests", artifact)
    course = Course.find(folder)
    build_notebooks(course)
    generate_assignment(course, vectors(course))
    return course


def _ask_for_artifact(tests: Path, content: bytes) -> None:
    module = tests / "01_vectors" / "norm" / "public.py"
    text = module.read_text(encoding="utf-8").replace("@graded(30,", "@graded(20,")
    hint = 'hints=("The length squared is x·x.",),'
    assert hint in text
    text = text.replace(hint, f'{hint}\n    artifact="{ARTIFACT}",')
    module.write_text(text + ARTIFACT_TEST.format(content=content), encoding="utf-8")
    kept = tests / "01_vectors" / "norm" / ARTIFACT_NAME
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)


def grade_in(
    sandbox: Sandbox,
    course: Course,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    **options: Any,
) -> ClassGrades:
    """Grade the class of the first assignment with a judge that ends afterwards."""
    with Judge(course, sandbox) as judge:
        bench = bench_for(judge, jobs=jobs, scheduler=scheduler)
        return grade_class(course, vectors(course), bench=bench, **options)


def grade_with(judge: Judge, course: Course, *, jobs: int = 1, **options: Any) -> ClassGrades:
    """Grade the class of the first assignment with a judge of the test's choice."""
    return grade_class(course, vectors(course), bench=bench_for(judge, jobs=jobs), **options)


def regrade_in(
    sandbox: Sandbox,
    course: Course,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    **options: Any,
) -> Regrade:
    """Judge the class of the first assignment again, beside the gradebook."""
    with Judge(course, sandbox) as judge:
        bench = bench_for(judge, jobs=jobs, scheduler=scheduler)
        return regrade(course, vectors(course), bench=bench, **options)


def verify_in(sandbox: Sandbox, course: Course, student: str) -> list[Verified]:
    """Grade a student's work again and compare it with what was kept."""
    with Judge(course, sandbox) as judge:
        return verify_grade(course, vectors(course), student, judge=judge)


def vectors(course: Course) -> Assignment:
    """The assignment of the tiny course with two exercises and a question."""
    return course.assignment("01")


def notebook_of(course: Course, **sources: str) -> Notebook:
    """The released notebook as JSON; `ex_dot="..."` replaces the source of cell `ex-dot`."""
    release = nbformat.read(released_notebook(course, vectors(course)), as_version=4)
    notebook: Notebook = json.loads(json.dumps(release))
    for name, source in sources.items():
        cell(notebook, name.replace("_", "-"))["source"] = source
    return notebook


def cell(notebook: Mapping[str, Any], id: str) -> dict[str, Any]:
    """The cell of that id."""
    [found] = [each for each in notebook["cells"] if each["id"] == id]
    return found


def hand_in(course: Course, student: str, notebook: Notebook | bytes) -> Path:
    """Put a notebook where nbgrader looks for submissions."""
    content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    path = course.root / "submitted" / student / "01_vectors" / "01_vectors.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def autograded(course: Course, student: str) -> nbformat.NotebookNode:
    """What nbgrader keeps of a graded submission, and shows to a human grader."""
    path = course.root / "autograded" / student / "01_vectors" / "01_vectors.ipynb"
    return nbformat.read(path, as_version=4)


def verdict(
    test: str,
    points: float | None,
    of: float,
    *,
    outcome: Outcome | None = None,
    hidden: bool = False,
    **rest: Any,
) -> Verdict:
    """A verdict; passed with full points and failed otherwise, unless said."""
    if outcome is None:
        outcome = Outcome.PASSED if points == of else Outcome.FAILED
    return Verdict(test, f"title of {test}", hidden, outcome, points, of, **rest)


def graded(exercise: str, *verdicts: Verdict, repairs: tuple[str, ...] = ()) -> GradedExercise:
    """A finding of the judge's."""
    answer = Cell(f"ex-{exercise}", f"def {exercise}(): return 'graded'")
    program = Program(exercise, exercise, "", (), {}, answer, repairs)
    run = {"seconds": 0.25, "attempts": 1, "contained": True, "host": "here", "tests": {}}
    return GradedExercise(Result(exercise, verdicts), program, run, repairs)


class ChosenJudge(Judge):
    """A judge that runs nothing and finds what the test says, by student's dot cell or always."""

    def __init__(
        self, course: Course, find: Callable[[nbformat.NotebookNode], dict[str, GradedExercise]]
    ) -> None:
        super().__init__(course, Unsandboxed(), SECRET)
        self._find = find

    def grade_notebook(
        self, assignment: Assignment, notebook: nbformat.NotebookNode
    ) -> dict[str, GradedExercise]:
        """What the test chose."""
        return self._find(notebook)


def full_marks() -> dict[str, GradedExercise]:
    """Full marks in both exercises."""
    return {
        "dot": graded("dot", verdict("small", 25.0, 25.0), verdict("h", 15.0, 15.0, hidden=True)),
        "norm": graded("norm", verdict("triangle", 40.0, 40.0)),
    }
