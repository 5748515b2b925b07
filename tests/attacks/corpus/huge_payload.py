# number = ""
# tries = "announces tensors of 2^60 bytes"
# says = 'UnreadableValue'
inside_the_sandbox()

import struct

def dot(x, y):
    say(struct.pack(">4sIQ", b"LKF1", 2, 1 << 60) + b"{}")
