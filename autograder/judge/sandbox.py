"""Where a submission runs: bubblewrap with an allow-list of mounts, or, on request, no sandbox.

Inside there is the interpreter and its standard library, the runtime packages of students, the
grading edition of the library, `autograder.student` and `autograder.worker`, the probes, and empty
scratch folders. There is no network, no other process, no checkout, no test and no judge.
"""

from __future__ import annotations

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

PACKAGE = Path(__file__).resolve().parent.parent
INSIDE = Path("/grading")
SITE = INSIDE / "site-packages"
SCRATCH = "/scratch"
FIRST_UID, UIDS = 200_000, 50_000
_uids = itertools.count(os.getpid() * 7)


class SandboxUnavailable(Exception):
    """There is no sandbox on this machine, and none may be done without."""


@dataclass(frozen=True)
class Limits:
    """What one worker may use.

    Attributes:
        memory: bytes of data (RLIMIT_DATA).
        address_space: bytes of address space (RLIMIT_AS).
        cpu_seconds: in all, as a last resort behind the judge's own deadlines.
        processes: processes and threads.
        file_size: bytes of one file.
        open_files: descriptors.
        scratch: bytes of each scratch folder (a tmpfs).
    """

    memory: int = 3 << 30
    address_space: int = 16 << 30
    cpu_seconds: int = 600
    processes: int = 128
    file_size: int = 64 << 20
    open_files: int = 256
    scratch: int = 256 << 20

    def arguments(self) -> list[str]:
        """The limits as arguments of prlimit(1)."""
        return [
            f"--data={self.memory}",
            f"--as={self.address_space}",
            f"--cpu={self.cpu_seconds}",
            f"--nproc={self.processes}",
            f"--fsize={self.file_size}",
            f"--nofile={self.open_files}",
            "--core=0",
        ]


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
    """What of the course a worker sees, besides the interpreter and the runtime packages.

    Attributes:
        edition: folder that holds the grading edition of the library.
        probes: folder of the probe files, or None.
        runtime: names of the distributions that a submission may import.
        packages: folders of other packages that every release carries.
    """

    edition: Path
    probes: Path | None
    runtime: tuple[str, ...]
    packages: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Bubblewrap:
    """Runs workers with bubblewrap, as root (dropping to an unused uid) or as anybody."""

    limits: Limits = field(default_factory=Limits)
    contained = True

    def start(self, mounts: Mounts, descriptor: int, errors: int) -> subprocess.Popen[bytes]:
        """Start a worker that serves on the socket `descriptor`; `errors` takes its stderr."""
        command = [*self.command(mounts), *worker_command(descriptor)]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[descriptor],
            env={"PATH": "/usr/bin:/bin:/usr/local/bin"},
        )

    def command(self, mounts: Mounts) -> list[str]:
        """The bubblewrap command up to the program that runs inside."""
        is_root = os.geteuid() == 0
        command = [
            "bwrap", "--die-with-parent", "--new-session",
            "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--hostname", "sandbox",
        ]  # fmt: skip
        if not is_root:
            command += ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]
        command += ["--proc", "/proc", "--dev", "/dev"]
        command += [*self._tmpfs("/dev/shm"), "--remount-ro", "/dev"]
        command += [*self._tmpfs("/tmp"), *self._tmpfs(SCRATCH)]
        command += [*_interpreter_mounts(), *_course_mounts(mounts)]
        command += ["--remount-ro", "/", "--chdir", SCRATCH, "--clearenv"]
        paths = f"{INSIDE}:{INSIDE / 'edition'}:{SITE}"
        for name, value in {**ENVIRONMENT, "PYTHONPATH": paths}.items():
            command += ["--setenv", name, value]
        command += ["--"]
        if is_root:
            uid = FIRST_UID + next(_uids) % UIDS
            command += [
                "/usr/bin/setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
                "--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all",
            ]  # fmt: skip
        return [*command, "/usr/bin/prlimit", *self.limits.arguments(), "--"]

    def _tmpfs(self, folder: str) -> list[str]:
        return ["--perms", "1777", "--size", str(self.limits.scratch), "--tmpfs", folder]


@dataclass(frozen=True)
class Unsandboxed:
    """Runs workers as plain child processes: no protection, for honest work only."""

    contained = False

    def start(self, mounts: Mounts, descriptor: int, errors: int) -> subprocess.Popen[bytes]:
        """Start a worker that serves on the socket `descriptor`; `errors` takes its stderr."""
        paths = [str(PACKAGE.parent), str(mounts.edition), *_site_folders()]
        environment = {
            **ENVIRONMENT,
            "PYTHONPATH": os.pathsep.join([paths[1], paths[0], *paths[2:]]),
        }
        environment["PATH"] = os.environ.get("PATH", "")
        environment["HOME"] = environment["MPLCONFIGDIR"] = str(mounts.edition.parent)
        return subprocess.Popen(
            worker_command(descriptor),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[descriptor],
            env=environment,
            start_new_session=True,
        )


Sandbox = Bubblewrap | Unsandboxed


def find_sandbox(*, unsandboxed: bool = False) -> Sandbox:
    """The sandbox of this machine.

    Args:
        unsandboxed: do without, on the caller's responsibility.

    Raises:
        SandboxUnavailable: bubblewrap is missing or does not work, with the remedy.
    """
    if unsandboxed:
        return Unsandboxed()
    problem = sandbox_problem()
    if problem:
        raise SandboxUnavailable(problem)
    return Bubblewrap()


@cache
def sandbox_problem() -> str:
    """Why bubblewrap cannot be used on this machine, with the remedy; "" when it can."""
    if sys.platform != "linux":
        return "Grading needs Linux (a virtual machine or WSL elsewhere)."
    missing = [name for name in ("bwrap", "setpriv", "prlimit") if not shutil.which(name)]
    if missing:
        return (
            f"{', '.join(missing)} not found: nothing is graded without the sandbox. "
            "Install it, for example: sudo apt-get install bubblewrap util-linux"
        )
    nothing = Mounts(edition=PACKAGE / "student", probes=None, runtime=())
    trial = [*Bubblewrap().command(nothing), "/usr/bin/prlimit", "--version"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return (
            f"bubblewrap does not work here ({reason}). As an ordinary user it needs unprivileged "
            "user namespaces: sudo sysctl kernel.unprivileged_userns_clone=1, or grade as root."
        )
    return ""


def worker_command(descriptor: int) -> list[str]:
    """The worker's own command: the base interpreter, without its site-packages."""
    return [base_python(), "-s", "-S", "-m", "autograder.worker", str(descriptor)]


@cache
def base_python() -> str:
    """The interpreter behind a virtual environment."""
    return str(Path(sys.executable).resolve())


def _interpreter_mounts() -> list[str]:
    """The base interpreter, its standard library and the system's shared libraries."""
    arguments: list[str] = []
    for folder in ("/usr", "/usr/bin", "/etc"):
        arguments += ["--perms", "0755", "--dir", folder]
    for folder in ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/lib32"):
        arguments += _system_folder(Path(folder))
    for program in ("setpriv", "prlimit"):
        found = shutil.which(program) or f"/usr/bin/{program}"
        arguments += ["--ro-bind", found, f"/usr/bin/{program}"]
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
    """The course's own files, and the runtime packages entry by entry."""
    seen_as = {
        PACKAGE / "__init__.py": INSIDE / "autograder" / "__init__.py",
        PACKAGE / "student": INSIDE / "autograder" / "student",
        PACKAGE / "worker": INSIDE / "autograder" / "worker",
        mounts.edition: INSIDE / "edition",
    }
    if mounts.probes is not None and mounts.probes.is_dir():
        seen_as[mounts.probes] = INSIDE / "probes"
    for package in mounts.packages:
        seen_as[package] = INSIDE / package.name
    for path in runtime_files(mounts.runtime):
        seen_as[path] = SITE / path.name
    arguments = ["--perms", "0755", "--dir", str(INSIDE)]
    for folder in ("autograder", "site-packages"):
        arguments += ["--perms", "0755", "--dir", str(INSIDE / folder)]
    for outside, inside in seen_as.items():
        arguments += ["--ro-bind", str(outside), str(inside)]
    return arguments


def _parents(path: Path) -> list[str]:
    """Make the folders above a mount, readable by all (bubblewrap would make them 0700)."""
    above = [folder for folder in reversed(path.parents) if str(folder) not in ("/", "/usr")]
    return list(itertools.chain.from_iterable(["--perms", "0755", "--dir", str(f)] for f in above))


@cache
def runtime_files(distributions: tuple[str, ...]) -> tuple[Path, ...]:
    """Top-level files and folders of some distributions and of all that they require.

    Raises:
        LookupError: a distribution is not installed.
    """
    entries: dict[Path, None] = {}
    for name in _closure(distributions):
        distribution = metadata.distribution(name)
        for file in distribution.files or ():
            top = file.parts[0]
            if top in ("..", "/", "__pycache__") or top.endswith(".pth"):
                continue
            entries[Path(str(distribution.locate_file(top)))] = None
    return tuple(path for path in entries if path.exists())


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
