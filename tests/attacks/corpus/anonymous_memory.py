# number = ""
# tries = "takes memory in ways that limits of processes may not count"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import ctypes
import mmap
import os

libc = ctypes.CDLL(None, use_errno=True)

def shared():
    held = [mmap.mmap(-1, 64 << 20) for _ in range(400)]
    return len(held)

def dot(x, y):
    attempt(
        memfd=lambda: os.memfd_create("hoard"),
        segment=lambda: libc.shmget(0, 1 << 30, 0o1666) != -1,
        shared=shared,
        locked=lambda: libc.mlockall(3) == 0 and bytearray(1 << 30),
    )
