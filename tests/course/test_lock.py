"""One writing command at a time: a second one waits, and is told who has the checkout."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course import CheckoutInUse, Course, writing

HOLD = """
import sys
from autograder.course import Course, writing
with writing(Course.find(), "course grade 01", warn=print):
    print("held", flush=True)
    sys.stdin.read()
"""


def refuse_warnings(line: str) -> None:
    raise AssertionError(f"nothing was to be told: {line}")


@contextmanager
def held(course: Course) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the lock."""
    command = [sys.executable, "-c", HOLD]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=course.root, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_writer_is_told_who_writes_since_when(tiny_course: Course) -> None:
    with held(tiny_course) as process:
        with (
            pytest.raises(CheckoutInUse) as refusal,
            writing(tiny_course, "course collect", warn=refuse_warnings, patience=0.05),
        ):
            raise AssertionError("two write at once")
        said = str(refusal.value)
    assert str(tiny_course.root) in said
    assert "runs `course grade 01` there since 20" in said
    assert f"(process {process.pid} on " in said
    assert "Wait until it ends" in said


def test_a_writer_that_is_killed_leaves_no_lock_behind(tiny_course: Course) -> None:
    with held(tiny_course) as process:
        process.kill()
        process.wait()
    with writing(tiny_course, "course grade", warn=refuse_warnings, patience=0.05):
        pass


def test_the_next_writer_goes_on_when_the_first_one_ends(tiny_course: Course) -> None:
    with held(tiny_course) as process:
        assert process.stdin is not None
        process.stdin.close()
        with writing(tiny_course, "course grade", warn=refuse_warnings):
            pass
    left = sorted(path.name for path in tiny_course.state.iterdir())
    assert left in ([], ["writing.lock"])


@pytest.mark.parametrize("error", [NotImplementedError("no flock"), OSError(37, "No locks")])
def test_a_file_system_without_locks_is_told_and_the_command_runs(
    tiny_course: Course, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(lock: FileLock) -> None:
        raise error

    monkeypatch.setattr(FileLock, "acquire", refuse)
    told: list[str] = []
    with writing(tiny_course, "course grade", warn=told.append):
        told.append("it ran")
    assert told == [
        f"The file system of {tiny_course.root} knows no locks: run one writing command at a time.",
        "it ran",
    ]


def test_a_command_that_writes_is_refused_and_one_that_reads_never_waits(
    tiny_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_course.root)
    run = CliRunner().invoke
    with held(tiny_course):
        refused = run(app, ["collect", str(tmp_path), "01"])
        assert isinstance(refused.exception, CheckoutInUse)
        for reading in (["report"], ["export", "01"], ["doctor"], ["notebooks", "--check"]):
            done = run(app, reading)
            assert not isinstance(done.exception, CheckoutInUse), reading
