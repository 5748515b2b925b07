"""Runs workers in a sandbox: bubblewrap with an allow-list of mounts, or, on request, no sandbox.

The sandbox has the interpreter and its standard library, the runtime packages of students, the
grading editions of the library, the rooms of the kit that run an answer, the probes, and empty
scratch folders. It has no network, no other process, no checkout, no test and no judge. The fork
server runs inside the sandbox, with the rights to put each of its forks into new namespaces, with
one edition and no rights (`autograder.worker.isolation`). Only these forks run submissions.
"""

from __future__ import annotations

import csv
import itertools
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from autograder.judge.deadlines import LEAST_CPU_SECONDS

PACKAGE = Path(__file__).resolve().parent.parent
SEEN = ("testing", "answers", "student", "worker")
"""The rooms of the kit that a worker sees."""

INSIDE = Path("/grading")
SITE = INSIDE / "site-packages"
SCRATCH = "/scratch"
# The fork server needs these to isolate its forks; the forks give them up.
CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


class SandboxUnavailable(Exception):
    """This machine has no sandbox, and grading without a sandbox was not asked for."""


@dataclass(frozen=True)
class Limits:
    """Limits of one worker.

    Attributes:
        memory: most bytes of data of one process.
        memory_in_all: most bytes of all processes and scratch folders of the worker together;
            enforced only where we may make control groups.
        address_space: most bytes of address space of one process.
        cpu_seconds: most CPU seconds of one process, a last resort behind the judge's deadlines.
        processes: most processes and threads.
        file_size: most bytes of one file.
        open_files: most open descriptors.
        scratch: bytes of each scratch folder (a tmpfs).
        cpu_of_a_test: fewest CPU seconds that the judge gives to a test.
    """

    memory: int = 3 << 30
    memory_in_all: int = 4 << 30
    address_space: int = 16 << 30
    cpu_seconds: int = 600
    processes: int = 128
    file_size: int = 64 << 20
    open_files: int = 256
    scratch: int = 256 << 20
    cpu_of_a_test: float = LEAST_CPU_SECONDS

    def rlimits(self) -> dict[str, int]:
        """Return the limits of each process, by their names in the module `resource`."""
        return {
            "RLIMIT_DATA": self.memory,
            "RLIMIT_AS": self.address_space,
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": 0,
        }


ENVIRONMENT = {
    "PATH": "/usr/bin",
    "HOME": SCRATCH,
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp",
    "CUDA_VISIBLE_DEVICES": "",
}


@dataclass(frozen=True)
class Mounts:
    """The files that a worker sees besides the interpreter.

    Attributes:
        edition: folder that holds the grading edition of the library.
        probes: folder of the probe files, or None.
        runtime: names of the distributions that a submission may import.
        packages: folders of the other packages in every release.
        library: name of the package in the edition.
    """

    edition: Path
    probes: Path | None
    runtime: tuple[str, ...]
    packages: tuple[Path, ...] = ()
    library: str = ""


@dataclass(frozen=True)
class Bubblewrap:
    """The sandbox made by bubblewrap; root's workers run under an unused uid.

    Attributes:
        limits: limits of each worker.
        contained: True: there is a sandbox.
    """

    limits: Limits = field(default_factory=Limits)
    contained = True

    def command(self, mounts: Mounts) -> list[str]:
        """Return the bubblewrap command, up to the program that runs inside."""
        command = [
            "bwrap", "--die-with-parent", "--new-session",
            "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--hostname", "sandbox", "--cap-drop", "ALL",
        ]  # fmt: skip
        if os.geteuid() != 0:
            command += ["--unshare-user", "--uid", "0", "--gid", "0"]
        for capability in CAPABILITIES:
            command += ["--cap-add", capability]
        command += ["--proc", "/proc", "--dev", "/dev"]
        command += [*self._tmpfs("/dev/shm"), "--remount-ro", "/dev"]
        command += [*self._tmpfs("/tmp"), *self._tmpfs(SCRATCH)]
        command += [*_interpreter_mounts(), *_course_mounts(mounts)]
        command += ["--remount-ro", "/", "--chdir", SCRATCH, "--clearenv"]
        paths = f"{INSIDE}:{INSIDE / 'edition'}:{SITE}"
        for name, value in {**ENVIRONMENT, "PYTHONPATH": paths}.items():
            command += ["--setenv", name, value]
        return [*command, "--"]

    def _tmpfs(self, folder: str) -> list[str]:
        return ["--perms", "1777", "--size", str(self.limits.scratch), "--tmpfs", folder]


@dataclass(frozen=True)
class Unsandboxed:
    """No sandbox: workers are plain child processes without protection, for trusted work only.

    Only the time limits, which the judge itself enforces, hold.

    Attributes:
        limits: limits of each worker.
        contained: False: there is no sandbox.
    """

    limits: Limits = field(default_factory=Limits)
    contained = False


Sandbox = Bubblewrap | Unsandboxed


def find_sandbox(*, unsandboxed: bool = False) -> Sandbox:
    """Return the sandbox of this machine.

    Args:
        unsandboxed: whether to use no sandbox, on the caller's responsibility.

    Raises:
        SandboxUnavailable: bubblewrap is missing or does not work; the message has the remedy.
    """
    if unsandboxed:
        return Unsandboxed()
    problem = sandbox_problem()
    if problem:
        raise SandboxUnavailable(problem)
    return Bubblewrap()


@cache
def sandbox_problem() -> str:
    """Return why bubblewrap cannot be used on this machine, with the remedy; "" when it can."""
    if sys.platform != "linux":
        return "Grading needs Linux (a virtual machine or WSL elsewhere)."
    if not shutil.which("bwrap"):
        return (
            "bwrap not found: nothing is graded without the sandbox. "
            "Install it, for example: sudo apt-get install bubblewrap libseccomp2"
        )
    nothing = Mounts(edition=PACKAGE / "student" / "none", probes=None, runtime=())
    isolate = "from autograder.worker.isolation import leave_everything as f; f({order})"
    order = {"limits": {}, "scratch": 1 << 20, "uid": None, "seccomp": ""}
    trial = [*Bubblewrap().command(nothing), *_inside("-c", isolate.format(order=order))]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return (
            f"bubblewrap does not work here ({reason}). As an ordinary user it needs unprivileged "
            "user namespaces: sudo sysctl kernel.unprivileged_userns_clone=1, or grade as root."
        )
    return ""


def server_command(descriptor: int, imports: Iterable[str] = ()) -> list[str]:
    """Return the command of the fork server.

    Args:
        descriptor: descriptor of the socket that orders come from.
        imports: modules of the runtime packages that the server loads for all its forks.
    """
    return _inside("-m", "autograder.worker.forkserver", str(descriptor), *imports)


def start_unsandboxed(mounts: Mounts, descriptor: int, errors: int) -> subprocess.Popen[bytes]:
    """Start a worker as a plain child process.

    Args:
        mounts: the files of the course; the worker imports the edition, and no file is hidden from
            the worker.
        descriptor: descriptor of the socket that the worker serves on.
        errors: descriptor that the worker's standard error is written to.
    """
    environment = {
        **ENVIRONMENT,
        "PYTHONPATH": os.pathsep.join([str(mounts.edition), str(PACKAGE.parent), *_site_folders()]),
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(mounts.edition.parent),
        "MPLCONFIGDIR": str(mounts.edition.parent),
    }
    return subprocess.Popen(
        _inside("-m", "autograder.worker", str(descriptor)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=[descriptor],
        env=environment,
        start_new_session=True,
    )


def _inside(*arguments: str) -> list[str]:
    """Return a command of the base interpreter, without its site-packages."""
    return [base_python(), "-s", "-S", *arguments]


@cache
def base_python() -> str:
    """Return the path of the base interpreter behind the virtual environment."""
    return str(Path(sys.executable).resolve())


def _interpreter_mounts() -> list[str]:
    """Return mounts of the base interpreter, its standard library and the shared libraries."""
    arguments: list[str] = []
    for folder in ("/usr", "/usr/bin", "/etc"):
        arguments += ["--perms", "0755", "--dir", folder]
    for folder in ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/lib32"):
        arguments += _system_folder(Path(folder))
    arguments += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    base = Path(sys.base_prefix).resolve()
    library = Path(
        sysconfig.get_path("stdlib", vars={"base": str(base), "installed_base": str(base)})
    )
    python = Path(base_python())
    shared = base / "lib"
    bound = [python, library, *sorted(shared.glob("libpython*.so*"))]
    for path in bound:
        if not path.is_relative_to("/usr/lib"):
            arguments += [*_parents(path), "--ro-bind", str(path), str(path)]
    for hidden in (library / "site-packages", Path("/usr/lib/python3/dist-packages")):
        if hidden.is_dir():
            arguments += ["--tmpfs", str(hidden)]
    return arguments


def _system_folder(folder: Path) -> list[str]:
    if folder.is_symlink():
        return ["--symlink", os.readlink(folder), str(folder)]
    return ["--ro-bind", str(folder), str(folder)] if folder.is_dir() else []


def _course_mounts(mounts: Mounts) -> list[str]:
    """Return mounts of the course's files, and of each entry of the runtime packages."""
    seen_as = {
        PACKAGE / "__init__.py": INSIDE / "autograder" / "__init__.py",
        **{PACKAGE / room: INSIDE / "autograder" / room for room in SEEN},
        mounts.edition.parent: INSIDE / "editions",
    }
    if mounts.probes is not None and mounts.probes.is_dir():
        seen_as[mounts.probes] = INSIDE / "probes"
    for package in mounts.packages:
        seen_as[package] = INSIDE / package.name
    for path in runtime_files(mounts.runtime):
        seen_as[path] = SITE / path.name
    arguments = ["--perms", "0755", "--dir", str(INSIDE)]
    for folder in ("autograder", "site-packages", "edition"):
        arguments += ["--perms", "0755", "--dir", str(INSIDE / folder)]
    for outside, inside in seen_as.items():
        arguments += ["--ro-bind", str(outside), str(inside)]
    return arguments


def _parents(path: Path) -> list[str]:
    """Return options that make the folders above a mount readable by all.

    bubblewrap itself would make them 0700.
    """
    above = [folder for folder in reversed(path.parents) if str(folder) not in ("/", "/usr")]
    return list(itertools.chain.from_iterable(["--perms", "0755", "--dir", str(f)] for f in above))


@cache
def runtime_files(distributions: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the top-level files and folders of distributions and of all that they require.

    Raises:
        LookupError: a distribution is not installed.
    """
    entries: dict[Path, None] = {}
    for name in _closure(distributions):
        distribution = metadata.distribution(name)
        for top in _top_level(distribution):
            if top in ("", "..", "/", "__pycache__") or top.endswith(".pth"):
                continue
            entries[Path(str(distribution.locate_file(top)))] = None
    return tuple(path for path in entries if path.exists())


def _top_level(distribution: metadata.Distribution) -> Iterable[str]:
    """Return the first parts of the paths of a distribution's files, each once.

    `files` would make an object for each of torch's fifteen thousand files, which takes a second.
    """
    record = distribution.read_text("RECORD")
    if record is None:
        return dict.fromkeys(file.parts[0] for file in distribution.files or ())
    return dict.fromkeys(row[0].partition("/")[0] for row in csv.reader(record.splitlines()) if row)


def _closure(distributions: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    waiting = list(distributions)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            requires = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            raise LookupError(
                f"{name} is not installed: run `pip install -r requirements.txt`"
            ) from None
        found[name] = None
        for line in requires:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return sorted(found)


def _site_folders() -> Sequence[str]:
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
