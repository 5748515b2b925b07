# number = ""
# tries = "answers requests that were not made yet, with values for later tests"
# says = 'UnreadableValue|should be|WorkerDied'
# earns_at_most = 40
# note = "its values are right, as if it had computed them"
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
    for value in ("0x1p5", "0x0p0", "0x0p0"):
        say(frame({"value": {"t": "float", "v": value}}) * 3)
    return -7.0
