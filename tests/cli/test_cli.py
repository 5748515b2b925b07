"""The `course` command, as instructors and authors type it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.judge.sandbox import sandbox_problem

needs_sandbox = pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem())


def course(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@needs_sandbox
def test_check_prints_every_verdict_as_json_and_exits_with_0(
    tiny_course: Course, tmp_path: Path
) -> None:
    answer = tmp_path / "answer.py"
    answer.write_text("def dot(x, y):\n    return float(sum(x) + sum(y))\n", encoding="utf-8")
    done = course(tiny_course.root, "check", "dot", "--answer", str(answer), "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["exercise"], result["points"], result["max_points"]) == ("dot", 0, 40)
    first, *others = result["verdicts"]
    assert first["test"] == "test_small_example"
    assert first["outcome"] == "failed"
    assert first["diagnosis"] == "adds instead of multiplying"
    assert "should be 32" in first["message"]
    assert {verdict["outcome"] for verdict in others} <= {"failed", "not_checked"}
    assert all("diagnosis" in verdict for verdict in others)


def test_an_unknown_exercise_is_one_clear_line(tiny_course: Course, tmp_path: Path) -> None:
    (tmp_path / "answer.py").touch()
    answer = str(tmp_path / "answer.py")
    done = course(tiny_course.root, "check", "dott", "--answer", answer, "--unsandboxed")
    assert done.returncode == 2
    assert "no exercise 'dott'; there are: dot, norm, running_mean" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_answer_that_is_not_there_is_one_clear_line(tiny_course: Course) -> None:
    done = course(tiny_course.root, "check", "dot", "--answer", "missing.py", "--unsandboxed")
    assert done.returncode == 2
    assert "missing.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_course_the_remedy_is_named(tmp_path: Path) -> None:
    done = course(tmp_path, "doctor")
    assert done.returncode == 2
    assert "Change to the course's folder first" in done.stderr.replace("\n", " ")


def test_an_ambiguous_prefix_lists_what_there_is(tiny_course: Course) -> None:
    done = course(tiny_course.root, "reference", "0")
    assert done.returncode == 2
    assert "01_vectors, 02_streams" in done.stderr.replace("\n", " ")


def test_stale_notebooks_are_named_with_the_remedy(tiny_course: Course) -> None:
    done = course(tiny_course.root, "notebooks", "--check")
    assert done.returncode == 1
    assert "01_vectors.ipynb" in done.stdout
    assert "make notebooks" in done.stderr
    assert course(tiny_course.root, "notebooks").returncode == 0
    assert course(tiny_course.root, "notebooks", "--check").returncode == 0


def test_a_library_may_bring_commands_of_its_own(tiny_course: Course) -> None:
    commands = "import typer\n\napp = typer.Typer()\n\n\n@app.command()\ndef greet() -> None:\n"
    module = tiny_course.library / "cli.py"
    module.write_text(f"{commands}    print('hello from the library')\n", encoding="utf-8")
    done = course(tiny_course.root, "greet")
    assert (done.returncode, done.stdout) == (0, "hello from the library\n"), done.stderr
    assert "doctor" in course(tiny_course.root, "--help").stdout
