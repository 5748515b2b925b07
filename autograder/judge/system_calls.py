"""Compiles a filter for the kernel (seccomp) that refuses system calls that no submission needs.

The filter is a further wall behind namespaces and the lack of rights: it refuses the calls that
escapes are built from. All other calls are allowed, because the calls that torch, Python and the C
library need change with each of their releases.

The groups follow those of systemd.exec(5), "SystemCallFilter", and Docker's default profile.
"""

from __future__ import annotations

import ctypes.util
import errno
import socket
import tempfile
from functools import cache

NAMESPACES = ("unshare", "setns")
MOUNTS = (
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "swapon", "swapoff", "quotactl",
    "quotactl_fd", "name_to_handle_at", "open_by_handle_at", "fanotify_init",
)  # fmt: skip
OTHER_PROCESSES = (
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    "move_pages", "migrate_pages",
)  # fmt: skip
KERNEL = (
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "add_key", "request_key", "keyctl", "init_module", "finit_module",
    "delete_module", "kexec_load", "kexec_file_load", "reboot", "syslog", "acct", "ioperm", "iopl",
    "modify_ldt", "personality", "lookup_dcookie", "nfsservctl", "vhangup", "uselib",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
)  # fmt: skip
UNCOUNTED_MEMORY = ("memfd_create", "memfd_secret", "shmget")  # not counted by the limit of data
FORBIDDEN = (*NAMESPACES, *MOUNTS, *OTHER_PROCESSES, *KERNEL, *UNCOUNTED_MEMORY)

_NEW_NAMESPACES = 0x7E02_0000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_TYPE_INTO_TERMINAL, _TERMINAL_OF_LINUX = 0x5412, 0x541C  # TIOCSTI, TIOCLINUX


def filter_problem() -> str:
    """Return why this machine has no filter, with the remedy; "" when it has a filter."""
    if not ctypes.util.find_library("seccomp"):
        return "libseccomp not found. Install it, for example: sudo apt-get install libseccomp2"
    return ""


@cache
def compiled_filter() -> bytes:
    """Return the filter as BPF instructions; empty when libseccomp is missing."""
    if filter_problem():
        return b""
    import pyseccomp as seccomp  # finds libseccomp when it is imported

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    refused = seccomp.ERRNO(errno.EPERM)
    for name in FORBIDDEN:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) != -1:
            rules.add_rule(refused, name)
    # A filter cannot look into memory, where the flags of clone3 are. The C library falls back to
    # clone.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for flag in _bits(_NEW_NAMESPACES):
        rules.add_rule(refused, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    # Only Unix sockets are allowed; without rights and network they reach nobody outside.
    rules.add_rule(refused, "socket", seccomp.Arg(0, seccomp.NE, int(socket.AF_UNIX)))
    for request in (_TYPE_INTO_TERMINAL, _TERMINAL_OF_LINUX):
        rules.add_rule(refused, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFF_FFFF, request))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _bits(mask: int) -> list[int]:
    return [1 << place for place in range(mask.bit_length()) if mask >> place & 1]
