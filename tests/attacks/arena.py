"""Hostile submissions, the world outside that they reach for, and the class they hand in with.

Each file of `corpus/` holds attacks of one kind. A comment `# [name]` begins an attack; its head
says, as TOML in comments:

    number          entry of the catalogue of attacks on graders, or ""
    tries           what it tries, in a few words
    says            regular expression: what verdicts, repairs or intake must say of it
    kind            "answer" (default): the file becomes the cell of the exercise `dot`;
                    "notebook": its `attack(notebook)` changes the notebook;
                    "bytes": its `attack(notebook)` gives the file that is handed in;
                    "folder": its `attack(folder, student, notebook)` writes what is handed in;
                    "beside": likewise, with a file beside the notebook, for a course that asks for
                    one: the exercise that needs it keeps its other points;
                    "past intake": likewise, into `submitted/` itself: then nobody is graded
    earns           points that it keeps all the same (default 0), for the reason in `note`
    earns_at_most   instead: values that are right may count
    refused         it never gets past intake
    walls           it attacks the sandbox itself: tried as an ordinary user too
    slow            it ends by the wall clock
    needs           "control groups" or "seccomp on x86-64", without which it is not tried
    pages           its pages are looked at in a browser
    never_in_feedback   what students must not get to see

An attack on a wall calls `attempt`, which says that everything was kept out, or what ESCAPED. Every
answer begins with a call that only exists where a sandboxed judge is asked.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Course
from autograder.judge.cgroups import make_group
from autograder.judge.sandbox import Bubblewrap, Limits, Sandbox
from autograder.judge.system_calls import filter_problem
from tests.gradebook.samples import DOT, NORM, cell, notebook_of

CORPUS = Path(__file__).parent / "corpus"
NAME = re.compile(r"^# \[(\w+)\]\n", re.MULTILINE)  # of an attack, above its head
CHECKOUT = Path(__file__).parent.parent.parent
FIRST, LAST = "aaa-honest", "zzz-honest"
ESCAPED = "ESCAPED"
LIMITS = Limits(
    memory=768 << 20,
    memory_in_all=1536 << 20,
    processes=64,
    file_size=32 << 20,
    scratch=64 << 20,
    cpu_of_a_test=0.5,  # the wall clock gets four times that
)
SANDBOX = Bubblewrap(LIMITS)

PRELUDE = '''
import json, os, stat, struct

class KeptOut(Exception):
    """Nothing was gained."""

class Escaped(Exception):
    """Something was."""

def inside_the_sandbox():
    """Not defined anywhere else."""

def attempt(**ways):
    """Try each way: what returns something true has escaped."""
    kept = []
    for name, way in ways.items():
        try:
            gained = way()
        except BaseException as error:
            kept.append(f"{name} {type(error).__name__}")
        else:
            if gained:
                raise Escaped(f"ESCAPED by {name}: {str(gained)[:100]}")
            kept.append(f"{name} nothing")
    raise KeptOut("kept out: " + ", ".join(kept))

def to_the_judge():
    """The descriptor that the worker answers through."""
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                return descriptor
        except OSError:
            pass

def say(data):
    """Write to the judge, past the worker's own code."""
    while data:
        data = data[os.write(to_the_judge(), data):]

def frame(header, payload=b""):
    """A frame as the protocol has it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">4sIQ", b"LKF1", len(text), len(payload)) + text + payload
'''


@dataclass(frozen=True)
class Attack:
    """One attack of the corpus; its fields are those of its head."""

    name: str
    code: str
    number: str
    tries: str
    says: str
    kind: str = "answer"
    earns: float = 0.0
    earns_at_most: float | None = None
    refused: bool = False
    walls: bool = False
    slow: bool = False
    needs: str = ""
    pages: bool = False
    never_in_feedback: str = ""
    note: str = ""

    @property
    def student(self) -> str:
        """Id of the student who hands it in."""
        return self.name.replace("_", "-")

    @property
    def missing(self) -> str:
        """What this machine lacks for it, or ""."""
        if self.needs == "control groups" and make_group_here() is None:
            return "no control groups for us: the sum of memory is not bounded"
        if self.needs.startswith("seccomp") and (
            filter_problem() or platform.machine() != "x86_64"
        ):
            return filter_problem() or "its system calls have other numbers here"
        return ""

    def answer(self, outside: Outside) -> str:
        """The source of the cell that it attacks from."""
        return f"{PRELUDE}\nOUTSIDE = {outside.described!r}\n\n{self.code}"


def corpus() -> list[Attack]:
    """Every attack, by name."""
    files = sorted(CORPUS.glob("*.py"))
    return sorted((attack for path in files for attack in _read(path)), key=lambda a: a.name)


def _read(path: Path) -> Iterator[Attack]:
    _, *parts = NAME.split(path.read_text(encoding="utf-8"))
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        lines = text.splitlines(keepends=True)
        head = next(i for i, line in enumerate(lines) if not line.startswith("# "))
        fields = tomllib.loads("".join(line.removeprefix("# ") for line in lines[:head]))
        code = "".join(lines[head:]).rstrip("\n") + "\n"
        yield Attack(name, code, **fields)


def make_group_here() -> object | None:
    """A control group, removed at once; None where none can be made."""
    group = make_group(1 << 20, 8)
    if group is not None:
        group.remove()
    return group


@dataclass
class Outside:
    """What lies outside the sandbox for attacks to find: files, sockets, processes.

    Attributes:
        files: paths by name.
        token: a word that is in every one of them, and in the environment.
    """

    root: Path
    files: dict[str, Path]
    token: str
    port: int
    abstract: str
    sleeper: subprocess.Popen[bytes]
    listeners: list[socket.socket]
    before: dict[str, str] = field(default_factory=dict)

    @property
    def described(self) -> dict[str, Any]:
        """What an attack is told, which is all."""
        return {
            "root": str(self.root),
            "checkout": str(CHECKOUT),
            "files": {name: str(path) for name, path in self.files.items()},
            "token": self.token,
            "port": self.port,
            "abstract": self.abstract,
            "pid": os.getpid(),
            "sleeper": self.sleeper.pid,
        }

    def disturbed(self) -> list[str]:
        """What is no longer as it was, or was reached."""
        found = [
            f"{path} is not as it was"
            for path, digest in self.before.items()
            if _digest(Path(path)) != digest
        ]
        if self.files["planted"].exists():
            found.append("a file was planted")
        if self.sleeper.poll() is not None:
            found.append(f"a process outside ended with {self.sleeper.returncode}")
        for listener in self.listeners:
            with contextlib.suppress(BlockingIOError):
                listener.accept()
                found.append(f"{listener.getsockname()!r} was reached")
        return found


@contextlib.contextmanager
def outside_of(course: Course, folder: Path) -> Iterator[Outside]:
    """Canaries around a course: what the grader's user may read, and no submission."""
    token = f"canary-{os.urandom(8).hex()}"
    files = {name: folder / name for name in ("canary", "secret", "planted", "socket")}
    for name in ("canary", "secret"):
        files[name].write_text(token, encoding="utf-8")
    files["gradebook"] = course.root / "gradebook.db"
    files["hidden"] = course.tests / "01_vectors" / "dot" / "hidden.py"
    tcp = socket.create_server(("127.0.0.1", 0))
    listeners = [tcp]
    for address in (f"\0{token}", str(files["socket"])):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen()
        listeners.append(listener)
    for listener in listeners:
        listener.setblocking(False)
    sleeper = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    kept = [*course.root.rglob("*.py"), course.root / "pyproject.toml", files["canary"],
            files["secret"], *(course.root / "release").rglob("*")]  # fmt: skip
    outside = Outside(
        course.root, files, token, tcp.getsockname()[1], token, sleeper, listeners,
        {str(path): _digest(path) for path in kept if path.is_file()},
    )  # fmt: skip
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LOOKALIKE_CANARY", token)
            yield outside
    finally:
        sleeper.kill()
        sleeper.wait()
        for listener in listeners:
            listener.close()


def write_class(
    course: Course,
    outside: Outside,
    attacks: list[Attack],
    folder: Path,
    sandbox: Sandbox,
    beside: Mapping[str, bytes] | None = None,
) -> None:
    """Write what everybody hands in: the hostile, and honest work before and after.

    Args:
        beside: files that the honest hand in with it, by name.

    Raises:
        RuntimeError: there is no sandbox; nothing hostile is written then.
    """
    if not sandbox.contained:
        raise RuntimeError("hostile work is only written for a sandboxed judge")
    honest = notebook_of(course, ex_dot=DOT, ex_norm=NORM)
    for student in (FIRST, LAST):
        _put(folder, student, honest)
        for name, content in (beside or {}).items():
            (folder / student / name).write_bytes(content)
    for attack in attacks:
        write(attack, outside, folder, copy.deepcopy(honest))


def write(attack: Attack, outside: Outside, folder: Path, notebook: dict[str, Any]) -> None:
    """Write what one hostile student hands in."""
    if attack.kind == "answer":
        cell(notebook, "ex-dot")["source"] = attack.answer(outside)
        _put(folder, attack.student, notebook)
        return
    space: dict[str, Any] = {"OUTSIDE": outside.described}
    exec(compile(attack.code, str(CORPUS / attack.name), "exec"), space)  # ours, not hostile
    if attack.kind in ("folder", "beside", "past intake"):
        space["attack"](folder, attack.student, notebook)
    elif attack.kind == "bytes":
        _put(folder, attack.student, space["attack"](notebook))
    else:
        space["attack"](notebook)
        _put(folder, attack.student, notebook)


def _put(folder: Path, student: str, notebook: dict[str, Any] | bytes) -> None:
    content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    path = folder / student / "01_vectors.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "gone"
