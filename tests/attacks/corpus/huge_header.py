# number = ""
# tries = "announces a header of 4 GB"
# says = 'UnreadableValue'
inside_the_sandbox()

import struct

def dot(x, y):
    say(struct.pack(">4sIQ", b"LKF1", 2**32 - 1, 0) + b"x" * 100_000)
