"""What a worker sees, and what it cannot do."""

from __future__ import annotations

import ast
import errno
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from autograder.answers.program import program_for_file
from autograder.course import Course
from autograder.judge.cgroups import make_group
from autograder.judge.connection import connected
from autograder.judge.grading import Judge
from autograder.judge.sandbox import (
    PACKAGE,
    SEEN,
    Bubblewrap,
    Limits,
    SandboxUnavailable,
    Unsandboxed,
    find_sandbox,
    runtime_files,
    sandbox_problem,
)
from autograder.judge.system_calls import filter_problem
from autograder.testing.errors import WorkerDied
from autograder.testing.submission import Submission
from tests.judge.conftest import needs_sandbox

RunInside = Callable[..., str]

ROOT = Path(__file__).parent.parent.parent

LOOK_AROUND = """
import hashlib, json, os
sizes, seen = set(SIZES), {}
for folder, folders, files in os.walk("/"):
    if folder.startswith(("/proc", "/dev")):
        folders.clear()
        continue
    for name in files:
        path = os.path.join(folder, name)
        if path.endswith((".py", ".pyc", ".ipynb", ".json", ".toml", ".db")):
            try:
                like = os.path.getsize(path) in sizes  # others need not be read
                seen[path] = hashlib.sha256(open(path, "rb").read()).hexdigest() if like else ""
            except OSError:
                pass
said = json.dumps(seen)
"""


@pytest.fixture
def run_inside(judge: Judge) -> Callable[..., str]:
    """Run a program where answers run; give what it leaves in `said`, or the error's names."""

    def run(program: str, *, judge: Judge = judge) -> str:
        exercise = judge.course.exercises()[0]
        answer = f"""
def {exercise.name}(program):
    space = {{}}
    try:
        exec(program, space)
    except BaseException as error:
        space["said"] = " ".join(cls.__name__ for cls in type(error).__mro__)
    said = str(space.get("said", ""))
    return [said[start : start + 50_000] for start in range(0, len(said), 50_000)]
"""
        program_of = program_for_file(exercise, answer, setup="", bindings={})
        with connected(program_of, judge.mounts(exercise), judge._source) as connection:
            return "".join(Submission(connection, answer).call(program))

    return run


@needs_sandbox
def test_no_file_of_the_checkout_is_visible_but_what_a_release_carries(
    run_inside: RunInside,
) -> None:
    given = {
        *(path for room in SEEN for path in (PACKAGE / room).rglob("*.py")),
        *(ROOT / "grader_tests" / "probes").rglob("*.py*"),  # Python may have compiled them
        *(ROOT / "course_lib").rglob("*.py"),
    }
    hidden = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path
        for folder in ("autograder", "grader_tests", "tests", "notebooks", "examples")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and path not in given
        and path.stat().st_size > 0
        and not any(path.is_relative_to(PACKAGE / room) for room in SEEN)
        and path.read_bytes() not in (b"", (PACKAGE / "__init__.py").read_bytes())
    }
    sizes = sorted({path.stat().st_size for path in hidden.values()})
    look_around = LOOK_AROUND.replace("SIZES", str(sizes))
    with Judge(Course.find(ROOT), Bubblewrap(), secret=b"the secret of these tests") as judge:
        seen = json.loads(run_inside(look_around, judge=judge))
    assert len(seen) > 1000, "the walk saw the standard library"
    assert any(seen.values()), "and read what might be the checkout's"
    found = {inside: hidden[digest] for inside, digest in seen.items() if digest in hidden}
    assert not found
    assert not [path for path in seen if "pytorch_metric_learning" in path]
    assert not [path for path in seen if path.endswith("autograder/judge/grading.py")]


@needs_sandbox
def test_one_edition_is_visible_and_the_exercise_has_no_body_in_it(run_inside: RunInside) -> None:
    course = Course.find(ROOT)
    name = course.exercises()[0].module.replace(".", "/")
    with Judge(course, Bubblewrap(), secret=b"the secret of these tests") as judge:
        for exercise in course.exercises():
            judge.mounts(exercise)  # so that there are several editions
        text = f"said = open('/grading/edition/{name}.py').read()"
        assert "unanswered" in run_inside(text, judge=judge)
        listing = "import os; said = os.listdir('/grading/editions')"
        assert run_inside(listing, judge=judge) == "[]"


@needs_sandbox
@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        ("import socket; socket.create_connection(('1.1.1.1', 53), 2)", OSError),
        ("import socket; socket.socket(socket.AF_INET)", PermissionError),
        ("import socket; socket.socket(socket.AF_VSOCK)", PermissionError),
        ("import socket; socket.socket(socket.AF_NETLINK)", PermissionError),
        ("open('/usr/lib/new', 'w')", OSError),
        ("open('/grading/edition/new', 'w')", OSError),
        ("open('/new', 'w')", OSError),
        ("import os; os.setuid(os.getuid() + 1)", OSError),
        ("open('/etc/passwd')", FileNotFoundError),
        ("open('/scratch/big', 'wb').write(bytes(1 << 30))", (OSError, MemoryError)),
        ("import os; os.memfd_create('hoard')", PermissionError),
        ("import os; os.unshare(os.CLONE_NEWUSER)", (PermissionError, AttributeError)),
    ],
)
def test_what_is_forbidden_fails(run_inside: RunInside, attempt: str, error: type) -> None:
    raised = run_inside(attempt)
    names = {cls.__name__ for cls in (error if isinstance(error, tuple) else (error,))}
    assert names & set(raised.split()), raised or "nothing was raised"


SYSTEM_CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
said = libc.{call}, ctypes.get_errno()
"""


@needs_sandbox
@pytest.mark.skipif(bool(filter_problem()), reason=filter_problem())
@pytest.mark.parametrize(
    "call",
    [
        "unshare(0x10000000)",  # a user namespace
        "ptrace(16, 1, 0, 0)",  # attach
        "mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "syscall(248, b'user', b'x', b'y', 1, -3)",  # add_key on x86-64
        "setns(0, 0)",
    ],
)
def test_system_calls_that_escapes_are_made_of_are_refused(
    run_inside: RunInside, call: str
) -> None:
    assert run_inside(SYSTEM_CALL.format(call=call)) == f"(-1, {errno.EPERM})"


@needs_sandbox
def test_no_right_is_left(run_inside: RunInside) -> None:
    status = run_inside("said = open('/proc/self/status').read()")
    lines = dict(line.split(":", 1) for line in status.splitlines())
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(lines[capabilities], 16) == 0
    assert lines["NoNewPrivs"].strip() == "1"
    assert lines["Seccomp"].strip() == ("0" if filter_problem() else "2")


@needs_sandbox
def test_no_other_process_is_visible_and_the_uid_is_nobodys(run_inside: RunInside) -> None:
    look = "import os; said = [p for p in os.listdir('/proc') if p.isdigit()], os.getuid()"
    processes, uid = ast.literal_eval(run_inside(look))
    assert processes == ["1"]
    assert uid >= 65534 or os.geteuid() != 0


@needs_sandbox
def test_no_descriptor_of_the_grader_is_open(run_inside: RunInside) -> None:
    look = """
import os
said = {}
for name in os.listdir("/proc/self/fd"):
    try:
        said[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        pass
"""
    opened = ast.literal_eval(run_inside(look))
    assert {opened.pop(stream) for stream in (0, 1, 2)} == {"/dev/null"}
    assert [path for path in opened.values() if not path.startswith("/proc/")] == [
        path for path in opened.values() if path.startswith("socket:")
    ]
    assert len([path for path in opened.values() if path.startswith("socket:")]) == 1


@needs_sandbox
def test_a_worker_finds_nothing_of_an_earlier_one(run_inside: RunInside) -> None:
    leave = """
import os, torch
for folder in ("/tmp", "/scratch", "/dev/shm"):
    open(os.path.join(folder, "left"), "w").write("42")
torch.left = 42
if not os.fork():
    os.setsid()
    while True:
        os.sched_yield()
said = "left"
"""
    run_inside("")
    servers = set(psutil.Process().children(recursive=True))
    assert run_inside(leave) == "left"
    left = set(psutil.Process().children(recursive=True)) - servers
    assert not psutil.wait_procs(left, timeout=20)[1], "the daemon ended with the worker"
    find = """
import os, torch
said = [os.listdir(f) for f in ("/tmp", "/scratch", "/dev/shm")], hasattr(torch, "left")
"""
    assert run_inside(find) == "([[], [], []], False)"


@needs_sandbox
@pytest.mark.skipif(make_group(1 << 20, 8) is None, reason="no control groups for us")
def test_memory_is_bounded_over_all_processes(tiny_course: Course, run_inside: RunInside) -> None:
    limits = Limits(memory=256 << 20, memory_in_all=600 << 20)
    hoard = """
import os
said = []
for _ in range(8):
    ready, tell = os.pipe()
    child = os.fork()
    if not child:
        hoard = bytearray(os.urandom(1)) * (120 << 20)
        os.write(tell, b"+")
        os.read(ready, 0)
        while True:
            os.sched_yield()
    os.close(tell)
    said.append(os.read(ready, 1))
"""
    with Judge(tiny_course, Bubblewrap(limits), secret=b"secret") as judge:
        try:
            said = run_inside(hoard, judge=judge)
        except WorkerDied:
            return
    assert said.count("b'+'") < 5


@needs_sandbox
def test_an_ordinary_user_has_the_same_walls(tmp_path: Path) -> None:
    """Run this file's other tests as a user without rights, in a user namespace."""
    if os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user already")
    as_nobody = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "12345"]
    tests = "forbidden or refused or no_right or no_other or descriptor or earlier"
    command = [
        sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider",
        f"--basetemp={tmp_path / 'theirs'}", "-k", tests, __file__,
    ]  # fmt: skip
    done = subprocess.run(
        [*as_nobody, *command], capture_output=True, text=True, check=False, cwd=ROOT, timeout=300
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "skipped" not in done.stdout.splitlines()[-1]


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
