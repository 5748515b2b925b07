# number = ""
# tries = "sends half a frame and waits"
# says = 'DeadlineExceeded'
# slow = true
inside_the_sandbox()

import signal
import struct

def dot(x, y):
    say(struct.pack(">4sIQ", b"LKF1", 100, 0) + b"{")
    signal.pause()
