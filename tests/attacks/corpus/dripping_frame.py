# number = ""
# tries = "sends a frame byte by byte, so that it never ends"
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

import struct
import time

def dot(x, y):
    say(struct.pack(">4sIQ", b"LKF1", 16 << 20, 0))
    while True:
        say(b" ")
        time.sleep(0.02)
