"""Limits what all processes of a worker use together, by control groups.

Limits of a process (rlimits) do not add up: a hundred processes may each use the full limit. A
control group limits the memory and number of all its processes together, and its count of CPU time
includes processes that have ended. Making a control group needs root, or a group that was delegated
to us.

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
    """A control group.

    Attributes:
        folders: folders of the group: one in version 2, one for each controller in version 1.
        usage: the file that states the CPU time.
    """

    folders: tuple[Path, ...]
    usage: Path

    def add(self, pid: int) -> None:
        """Put a process into the group; its later children are in the group, too."""
        for folder in self.folders:
            _write(folder / "cgroup.procs", pid)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of all processes that were ever in the group."""
        text = self.usage.read_text(encoding="ascii")
        if found := re.search(r"^usage_usec (\d+)", text, re.MULTILINE):
            return int(found[1]) / _MICROSECONDS
        return int(text) / _NANOSECONDS

    def remove(self) -> None:
        """Remove the group; no process may be left in it."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()


def make_group(memory: int, processes: int, root: Path = ROOT) -> ControlGroup | None:
    """Make a control group; return None where this machine does not allow it.

    Args:
        memory: most bytes that all processes together may use.
        processes: most processes and threads.
        root: folder where control groups are mounted.
    """
    for parents, limits in _places(root, memory, processes):
        group = _try_to_make(parents, limits)
        if group is not None:
            return group
    return None


def _places(
    root: Path, memory: int, processes: int
) -> Iterator[tuple[dict[str, Path], dict[str, dict[str, int]]]]:
    """Give the places where a group may be made, best first, with the limits of the group.

    A place is a folder for each controller; the limits are a value for each file, by controller.
    """
    own = _own_groups()
    if (root / "cgroup.controllers").is_file():
        limits = {
            "": {"memory.max": memory, "memory.swap.max": 0, "pids.max": processes},
        }
        here = root / own.get("", "/").strip("/")
        # A group with processes cannot have groups with limits below it, so ours goes beside it.
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
    """Return the path of this process's group, by controller ("" in version 2)."""
    groups: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            groups |= dict.fromkeys(controllers.split(","), path)
    return groups


def _remove_left_over(parent: Path) -> None:
    """Remove the empty groups that killed graders left behind."""
    for folder in parent.glob(f"{OURS}-*-*"):
        pid = folder.name.split("-")[1]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            with suppress(OSError):
                folder.rmdir()


def _write(file: Path, value: int) -> None:
    with file.open("r+", encoding="ascii") as opened:  # "r+" never makes a new file
        opened.write(str(value))
