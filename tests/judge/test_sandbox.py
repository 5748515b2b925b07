"""What a worker sees, and what it cannot do."""

from __future__ import annotations

import builtins
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.judge.grading import Judge
from autograder.judge.sandbox import (
    PACKAGE,
    Bubblewrap,
    SandboxUnavailable,
    Unsandboxed,
    base_python,
    find_sandbox,
    runtime_files,
    sandbox_problem,
)
from tests.judge.conftest import needs_sandbox

ROOT = Path(__file__).parent.parent.parent

LOOK_AROUND = """
import hashlib, json, os
seen = {}
for folder, folders, files in os.walk("/"):
    if folder.startswith(("/proc", "/dev")):
        folders.clear()
        continue
    for name in files:
        path = os.path.join(folder, name)
        if path.endswith((".py", ".pyc", ".ipynb", ".json", ".toml", ".db")):
            try:
                seen[path] = hashlib.sha256(open(path, "rb").read()).hexdigest()
            except OSError:
                pass
print(json.dumps(seen))
"""


def run_inside(judge: Judge, program: str) -> subprocess.CompletedProcess[str]:
    mounts = judge.mounts(judge.course.exercises()[0])
    command = [*Bubblewrap().command(mounts), base_python(), "-s", "-S", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@needs_sandbox
def test_no_file_of_the_checkout_is_visible_but_what_a_release_carries() -> None:
    judge = Judge(Course.find(ROOT), Bubblewrap(), secret=b"the secret of these tests")
    seen = json.loads(run_inside(judge, LOOK_AROUND).stdout)
    assert len(seen) > 1000, "the walk saw the standard library"
    given = {
        *(PACKAGE / "student").rglob("*.py"),
        *(PACKAGE / "worker").rglob("*.py"),
        *(ROOT / "grader_tests" / "probes").rglob("*.py"),
        *(ROOT / "course_lib").rglob("*.py"),
    }
    hidden = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path
        for folder in ("autograder", "grader_tests", "tests", "notebooks", "examples")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and path not in given
        and path.stat().st_size > 0
        and not path.is_relative_to(PACKAGE / "student")
        and not path.is_relative_to(PACKAGE / "worker")
        and path.read_bytes() not in (b"", (PACKAGE / "__init__.py").read_bytes())
    }
    found = {inside: hidden[digest] for inside, digest in seen.items() if digest in hidden}
    assert not found
    assert not [path for path in seen if "pytorch_metric_learning" in path]
    assert not [path for path in seen if path.endswith("autograder/judge/grading.py")]


@needs_sandbox
def test_the_exercise_itself_has_no_body_inside() -> None:
    course = Course.find(ROOT)
    judge = Judge(course, Bubblewrap(), secret=b"the secret of these tests")
    exercise = course.exercises()[0]
    name = exercise.module.replace(".", "/")
    program = f"print(open('/grading/edition/{name}.py').read())"
    assert "unanswered" in run_inside(judge, program).stdout


@needs_sandbox
@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        ("import socket; socket.create_connection(('1.1.1.1', 53), 2)", OSError),
        ("open('/usr/lib/new', 'w')", OSError),
        ("open('/grading/edition/new', 'w')", OSError),
        ("open('/new', 'w')", OSError),
        ("import os; os.setuid(0)", PermissionError),
        ("open('/etc/passwd')", FileNotFoundError),
        ("open('/scratch/big', 'wb').write(bytes(1 << 30))", (OSError, MemoryError)),
    ],
)
def test_what_is_forbidden_fails(judge: Judge, attempt: str, error: type) -> None:
    done = run_inside(judge, attempt)
    assert done.returncode != 0
    raised = getattr(builtins, done.stderr.strip().splitlines()[-1].partition(":")[0])
    assert issubclass(raised, error), done.stderr


@needs_sandbox
def test_no_other_process_is_visible_and_the_uid_is_nobodys(judge: Judge) -> None:
    done = run_inside(
        judge, "import os; print([p for p in os.listdir('/proc') if p.isdigit()], os.getuid())"
    )
    processes, uid = done.stdout.rsplit("]", 1)
    assert processes.count(",") <= 2
    assert int(uid) >= 65534
    assert os.getpid() not in [int(p.strip(" '[")) for p in processes.split(",")]


def test_without_bubblewrap_nothing_is_graded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    sandbox_problem.cache_clear()
    try:
        with pytest.raises(SandboxUnavailable, match="install bubblewrap"):
            find_sandbox()
        assert find_sandbox(unsandboxed=True) == Unsandboxed()
    finally:
        sandbox_problem.cache_clear()


def test_a_missing_runtime_package_is_named_with_the_remedy() -> None:
    with pytest.raises(LookupError, match=r"no-such-thing is not installed.*requirements.txt"):
        runtime_files(("no-such-thing",))
