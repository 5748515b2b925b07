"""Limits on the sum of what all processes of a worker use: control groups, where we may make them.

Limits of a process (rlimits) do not add up: a hundred processes may each take their share. A
control group bounds memory and processes together, and counts the CPU time of those that ended.
Making one takes root, or a group that was delegated to us.

Sources: Linux's Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path("/sys/fs/cgroup")
OURS = "autograder"
_numbers = itertools.count()
_NANOSECONDS, _MICROSECONDS = 1e9, 1e6


@dataclass(frozen=True)
class ControlGroup:
    """A group that processes can be put into.

    Attributes:
        folders: its folders, one in version 2, one for each controller in version 1.
        usage: the file that tells CPU time.
    """

    folders: tuple[Path, ...]
    usage: Path

    def add(self, pid: int) -> None:
        """Put a process in; its children follow by themselves."""
        for folder in self.folders:
            _write(folder / "cgroup.procs", pid)

    def cpu_seconds(self) -> float:
        """CPU time of all processes that were ever in the group."""
        text = self.usage.read_text(encoding="ascii")
        if found := re.search(r"^usage_usec (\d+)", text, re.MULTILINE):
            return int(found[1]) / _MICROSECONDS
        return int(text) / _NANOSECONDS

    def remove(self) -> None:
        """Remove the group; nothing must be left in it."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()


def make_group(memory: int, processes: int, root: Path = ROOT) -> ControlGroup | None:
    """A new group with these limits; None where none can be made.

    Args:
        memory: bytes that all processes together may use.
        processes: processes and threads.
        root: where control groups are mounted.
    """
    for parents, limits in _places(root, memory, processes):
        group = _try_to_make(parents, limits)
        if group is not None:
            return group
    return None


def _places(
    root: Path, memory: int, processes: int
) -> Iterator[tuple[dict[str, Path], dict[str, dict[str, int]]]]:
    """Where a group may be made, best first, and what is written into its files."""
    own = _own_groups()
    if (root / "cgroup.controllers").is_file():
        limits = {
            "": {"memory.max": memory, "memory.swap.max": 0, "pids.max": processes},
        }
        here = root / own.get("", "/").strip("/")
        # A group with processes in it cannot hand controllers on: so beside it, not below.
        yield {"": here.parent if here != root else root}, limits
        return
    limits = {
        "memory": {"memory.limit_in_bytes": memory},
        "pids": {"pids.max": processes},
        "cpuacct": {},
    }
    for paths in (
        {name: own.get(name, "/").strip("/") for name in limits},
        dict.fromkeys(limits, ""),
    ):
        yield {name: root / name / path for name, path in paths.items()}, limits


def _try_to_make(
    parents: Mapping[str, Path], limits: Mapping[str, Mapping[str, int]]
) -> ControlGroup | None:
    name = f"{OURS}-{os.getpid()}-{next(_numbers)}"
    made: list[Path] = []
    try:
        for controller, parent in parents.items():
            _remove_left_over(parent)
            folder = parent / name
            folder.mkdir()
            made.append(folder)
            for file, value in limits[controller].items():
                if (folder / file).exists() or not file.startswith("memory.swap"):
                    _write(folder / file, value)
    except OSError:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        return None
    version_2 = "" in parents
    usage = made[0] / "cpu.stat" if version_2 else made[-1] / "cpuacct.usage"
    return ControlGroup(tuple(made), usage)


def _own_groups() -> dict[str, str]:
    """Path of this process's group by controller ("" in version 2)."""
    groups: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            groups |= dict.fromkeys(controllers.split(","), path)
    return groups


def _remove_left_over(parent: Path) -> None:
    """Remove empty groups of graders that were killed."""
    for folder in parent.glob(f"{OURS}-*-*"):
        pid = folder.name.split("-")[1]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            with suppress(OSError):
                folder.rmdir()


def _write(file: Path, value: int) -> None:
    with file.open("r+", encoding="ascii") as opened:  # never makes a file
        opened.write(str(value))
