# number = ""
# tries = "announces a header of 4 GB"
# says = 'UnreadableValue'
inside_the_sandbox()

import os
import stat

def to_the_judge():
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                return fd
        except OSError:
            pass

def say(data):
    while data:
        data = data[os.write(to_the_judge(), data):]

import struct

def dot(x, y):
    say(struct.pack(">4sIQ", b"LKF1", 2**32 - 1, 0) + b"x" * 100_000)
