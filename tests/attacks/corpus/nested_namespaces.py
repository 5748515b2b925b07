# number = ""
# tries = "makes namespaces of its own, where it would have rights"
# says = 'kept out'
# walls = true
# needs = "seccomp on x86-64"
inside_the_sandbox()

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)

def call(number, *args):
    return lambda: libc.syscall(number, *args) != -1

def clone(flags):
    return lambda: libc.syscall(56, flags | 17, 0, 0, 0, 0) > 0

def dot(x, y):
    attempt(
        user=lambda: libc.unshare(0x10000000) == 0,
        mounts=lambda: libc.unshare(0x00020000) == 0,
        cloned=clone(0x10000000),
        cloned_net=clone(0x40000000),
        entered=lambda: libc.setns(os.open("/proc/1/ns/pid", os.O_RDONLY), 0) == 0,
        mounted=lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0,
        unmounted=lambda: libc.umount2(b"/proc", 2) == 0,
        rooted=lambda: libc.chroot(b"/tmp") == 0,
        traced=lambda: libc.ptrace(16, os.getppid(), 0, 0) == 0,
        bpf=call(321, 0, 0, 0),
        keys=call(248, b"user", b"x", b"y", 1, -3),
        uring=call(425, 8, 0),
        perf=call(298, 0, 0, -1, -1, 0),
        faults=call(323, 0),
        personality=call(135, 0x0040000),
    )
