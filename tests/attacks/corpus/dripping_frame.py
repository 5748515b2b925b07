# number = ""
# tries = "sends a frame byte by byte, so that it never ends"
# says = 'DeadlineExceeded'
# slow = true
inside_the_sandbox()

import struct
import time

def dot(x, y):
    say(struct.pack(">4sIQ", b"LKF1", 16 << 20, 0))
    while True:
        say(b" ")
        time.sleep(0.02)
