"""Isolates a fork of the fork server before it runs a student's code.

The fork gets its own namespaces (mounts, processes, network, IPC, host name), private scratch
folders, resource limits, an unused uid without capabilities, no new privileges, and a filter of
system calls. The fork server itself runs inside bubblewrap, so this is the second wall, not the
first.

Sources: the Linux manual pages namespaces(7), capabilities(7), prctl(2), seccomp(2).
"""

from __future__ import annotations

import base64
import ctypes
import os
import resource
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_CLONE_NEWNS = 0x0002_0000
_CLONE_NEWUTS = 0x0400_0000
_CLONE_NEWIPC = 0x0800_0000
_CLONE_NEWPID = 0x2000_0000
_CLONE_NEWNET = 0x4000_0000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_BIND, _MS_REC, _MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP = 1, 4, 22
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL = 24, 38, 47, 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x2008_0522
_MOST_CAPABILITIES = 64
_BYTES_OF_INSTRUCTION = 8
MOST_INODES = 20_000
SCRATCH_FOLDERS = ("/tmp", "/scratch", "/dev/shm")

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """A BPF program in the form that seccomp(2) takes (`struct sock_fprog`)."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def see_only(edition: str, *, editions: str, seen_as: str) -> None:
    """Mount one edition of the library for this process alone, and hide the folder of all editions.

    Args:
        edition: name of the edition's folder.
        editions: path of the folder of all editions.
        seen_as: path where the edition is mounted.
    """
    _check(_libc.unshare(_CLONE_NEWNS), "unshare the mounts")
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    _mount(f"{editions}/{edition}", seen_as, None, _MS_BIND)
    _mount("none", editions, "tmpfs", _MS_RDONLY | _MS_NOSUID | _MS_NODEV, "size=0,mode=0755")


def leave_everything(order: Mapping[str, Any]) -> None:
    """Fork a process without rights in new namespaces; return in that process only.

    The calling process waits for the new process, and ends when it ends.

    Args:
        order: `limits` (numbers by name of the RLIMIT), `scratch` (bytes of each scratch folder),
            `uid` (None to keep the uid, in a namespace of an ordinary user) and `seccomp` (a
            compiled filter in base64, or "").

    Raises:
        OSError: a step failed; the student's code must not be run.
    """
    _check(
        _libc.unshare(_CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS),
        "unshare the namespaces",
    )
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    inside = os.fork()  # only a child can be in the new pid namespace
    if inside:
        _wait_in_its_stead(inside)
    die_with_parent()
    os.setsid()
    _be_the_first_to_go()
    _private_folders(int(order["scratch"]))
    for name, value in order["limits"].items():
        _limit(getattr(resource, name), int(value))
    _become_nobody(order["uid"])
    if order["seccomp"]:
        _filter_system_calls(base64.b64decode(order["seccomp"]))
    os.environ.update(HOME=SCRATCH_FOLDERS[1], TMPDIR=SCRATCH_FOLDERS[0])
    os.chdir(SCRATCH_FOLDERS[1])


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "set the death signal")


def _wait_in_its_stead(child: int) -> None:
    """Close all descriptors, wait for the child, and end with its status (0 or 1)."""
    os.closerange(0, 1 << 16)
    _, status = os.waitpid(child, 0)
    os._exit(1 if status else 0)


def _be_the_first_to_go() -> None:
    """Let the kernel kill this worker rather than the fork server when memory runs out."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def _private_folders(size: int) -> None:
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    options = f"size={size},mode=1777,nr_inodes={MOST_INODES}"
    for folder in SCRATCH_FOLDERS:
        _mount("tmpfs", folder, "tmpfs", _MS_NOSUID | _MS_NODEV, options)
    try:
        _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    except OSError:  # some containers allow no new /proc: it is then an empty folder
        _mount("tmpfs", "/proc", "tmpfs", _MS_RDONLY | _MS_NOSUID | _MS_NODEV, "size=0")


def _limit(kind: int, value: int) -> None:
    """Set a resource limit, but never above the limit that holds already."""
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _become_nobody(uid: int | None) -> None:
    """Change the uid, and drop every capability for good."""
    for capability in range(_MOST_CAPABILITIES):  # needs a capability that is dropped below
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _libc.prctl(_PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "drop the capabilities")
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "forbid new privileges")
    die_with_parent()  # a change of uid clears the death signal
    _check(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0), "become readable to ourselves")


def _filter_system_calls(instructions: bytes) -> None:
    program = _Program(len(instructions) // _BYTES_OF_INSTRUCTION, instructions)
    _check(
        _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
        "filter the system calls",
    )


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind)]
    data = None if options is None else options.encode()
    _check(_libc.mount(*encoded, ctypes.c_ulong(flags), data), f"mount {target}")


def _check(returned: int, what: str) -> None:
    if returned != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"could not {what}: {os.strerror(number)}")
