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


def a_variant_of_dot(tiny_course: Course) -> None:
    """Give `dot` a wrong answer, which is a change of the reference."""
    folder = tiny_course.exercise("dot").folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wrong.toml").write_text(
        '[sums]\nwhat = "Adds instead."\ndiagnosis = "adds instead of multiplying"\n'
        'of = "reference"\nchange = [["first * second for", "first + second for"]]\n',
        encoding="utf-8",
    )


def test_variant_shows_what_it_is_and_how_it_differs(tiny_course: Course) -> None:
    a_variant_of_dot(tiny_course)
    assert course(tiny_course.root, "variant", "dot").stdout == "wrong  sums  Adds instead.\n"
    shown = course(tiny_course.root, "variant", "dot", "sums").stdout
    assert shown.startswith(
        "sums: Adds instead.\nDiagnosis: adds instead of multiplying\n"
        "Where: tiny_tests/01_vectors/dot/wrong.toml, line 1\n\n--- reference\n+++ sums\n"
    )
    assert "\n+    products = [first + second for first, second in zip(" in shown
    assert "\ndef dot(x: Sequence[float], y: Sequence[float]) -> float:\n" in shown
    base = course(tiny_course.root, "variant", "dot", "reference").stdout
    assert "Where: tiny_lib/vectors.py\n" in base
    unknown = course(tiny_course.root, "variant", "dot", "sum")
    assert unknown.returncode == 2
    assert "dot has no variant 'sum'. There are: reference, sums." in unknown.stderr


@needs_sandbox
def test_check_takes_a_variant_by_its_name(tiny_course: Course) -> None:
    a_variant_of_dot(tiny_course)
    done = course(tiny_course.root, "check", "dot", "--variant", "sums", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdicts"][0]["diagnosis"] == "adds instead of multiplying"


@pytest.mark.parametrize("both", [(), ("--answer", "a.py", "--variant", "sums")])
def test_check_takes_an_answer_or_a_variant(tiny_course: Course, both: tuple[str, ...]) -> None:
    done = course(tiny_course.root, "check", "dot", *both)
    assert done.returncode == 2
    assert "say what to check: either --answer FILE or --variant NAME" in done.stderr


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
