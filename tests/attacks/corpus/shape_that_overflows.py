# number = ""
# tries = "a shape whose product overflows"
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

import json
import struct

def frame(header, payload=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">4sIQ", b"LKF1", len(text), len(payload)) + text + payload

def dot(x, y):
    say(frame({"value": {"t": "tensor", "dtype": "float64", "shape": [0, 1 << 39, 1 << 39], "offset": 0}}, b""))
