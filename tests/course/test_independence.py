"""The kit serves any course: it names none, and a course's library may have any name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.judge.grading import Judge
from autograder.judge.sandbox import Bubblewrap, Sandbox, Unsandboxed, sandbox_problem
from autograder.student.rendering import text

ROOT = Path(__file__).parents[2]
SANDBOXES = [Unsandboxed(), *([] if sandbox_problem() else [Bubblewrap()])]
KIT = ROOT / "autograder"
COUNTED = """

    @graded(0, "two lines of its own", after="test_triangle")
    def test_lines(self, submission):
        lines = submission.trace([3.0, 4.0]).lines
        assert lines == 2, f"{lines} lines ran"
"""
CALLS_THE_LIBRARY = """
import math
from my_lib.checks import require_same_length

def norm(x):
    require_same_length(x, x)
    return math.hypot(*x)
"""
RAISES_IN_THE_LIBRARY = CALLS_THE_LIBRARY.replace("(x, x)", "(x, [])")


def test_no_file_of_the_kit_names_this_course() -> None:
    course = Course.find(ROOT)
    assignments = [assignment.name for assignment in course.assignments()]
    packages = [course.library_name, course.tests_name, course.data_name]
    named = re.compile("|".join([*packages, *assignments, "bird", course.title.lower()]))
    files = [path for path in KIT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    found = {
        str(path.relative_to(ROOT)): hits
        for path in files
        if (hits := named.findall(path.read_text(encoding="utf-8").lower()))
    }
    assert len(files) > 150
    assert found == {}


@pytest.fixture
def renamed(tiny_course: Course) -> Course:
    """The tiny course, whose library is called `my_lib`."""
    root = tiny_course.root
    for path in root.rglob("*"):
        if path.is_file() and path.suffix in (".py", ".toml", ".ipynb"):
            content = path.read_text(encoding="utf-8")
            path.write_text(content.replace("tiny_lib", "my_lib"), encoding="utf-8")
    shutil.move(root / "tiny_lib", root / "my_lib")
    public = Course.find(root).exercise("norm").public_tests
    public.write_text(public.read_text(encoding="utf-8") + COUNTED, encoding="utf-8")
    return Course.find(root)


@pytest.mark.parametrize("sandbox", SANDBOXES, ids=lambda sandbox: type(sandbox).__name__)
def test_lines_of_the_library_are_never_the_students(
    renamed: Course, tmp_path: Path, sandbox: Sandbox
) -> None:
    answer = tmp_path / "answer.py"
    answer.write_text(CALLS_THE_LIBRARY, encoding="utf-8")
    with Judge(renamed, sandbox, secret=b"of this test, and long") as judge:
        right = judge.grade_answer("norm", answer).result
        answer.write_text(RAISES_IN_THE_LIBRARY, encoding="utf-8")
        wrong = judge.grade_answer("norm", answer).result
    assert right.passed, text(right)
    assert "(line 6 of norm: require_same_length(x, []))" in wrong.verdicts[0].message
