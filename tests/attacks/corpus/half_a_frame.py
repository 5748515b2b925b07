# number = ""
# tries = "sends half a frame and waits"
# says = 'DeadlineExceeded'
# slow = true
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

import signal
import struct

def dot(x, y):
    say(struct.pack(">4sIQ", b"LKF1", 100, 0) + b"{")
    signal.pause()
