"""Bytes on the way to the judge that are none of the worker's."""

# [dripping_frame]
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


# [forged_error]
# number = "A10"
# tries = "sends an error that claims to be the grader's own failure"
# says = 'AssertionError'
inside_the_sandbox()

def dot(x, y):
    types = ["AssertionError", "Exception", "KeyboardInterrupt", "WorkerCannotStart"]
    say(frame({"error": {"types": types, "message": "grader error", "points": 40}}))
    return 32.0


# [forged_error_of_odd_types]
# number = ""
# tries = "sends an error whose parts are no text"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"error": {"types": [[]], "message": {"a": 1}, "where": 7}}))


# [forged_verdict]
# number = "A10"
# tries = "sends a frame that says that the test passed"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"outcome": "passed", "points": 40, "verdicts": [{"points": 40}]}))
    return 32.0


# [half_a_frame]
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


# [huge_header]
# number = ""
# tries = "announces a header of 4 GB"
# says = 'UnreadableValue'
inside_the_sandbox()

import struct

def dot(x, y):
    say(struct.pack(">4sIQ", b"LKF1", 2**32 - 1, 0) + b"x" * 100_000)


# [huge_payload]
# number = ""
# tries = "announces tensors of 2^60 bytes"
# says = 'UnreadableValue'
inside_the_sandbox()

import struct

def dot(x, y):
    say(struct.pack(">4sIQ", b"LKF1", 2, 1 << 60) + b"{}")


# [negative_shape]
# number = ""
# tries = "negative sizes and offsets"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "tensor", "dtype": "float64", "shape": [-1], "offset": -8}}, bytes(8)))


# [pickle_as_frame]
# number = "A9"
# tries = "sends a pickle where the judge reads a frame"
# says = 'UnreadableValue'
inside_the_sandbox()

import os
import pickle

class Payload:
    def __reduce__(self):
        return (os.system, (f"touch {OUTSIDE['files']['planted']}",))

def dot(x, y):
    say(pickle.dumps(Payload()) * 10)


# [pickle_as_value]
# number = "A9"
# tries = "returns an object that runs code when it is unpickled"
# says = 'should be 32'
inside_the_sandbox()

import os

class Payload:
    def __reduce__(self):
        return (os.system, (f"touch {OUTSIDE['files']['planted']}",))

def dot(x, y):
    return Payload()


# [shape_that_lies]
# number = ""
# tries = "a shape larger than its bytes"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "tensor", "dtype": "float64", "shape": [1 << 20], "offset": 0}}, bytes(8)))


# [shape_that_overflows]
# number = ""
# tries = "a shape whose product overflows"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "tensor", "dtype": "float64", "shape": [0, 1 << 39, 1 << 39], "offset": 0}}, b""))


# [shared_bytes]
# number = ""
# tries = "a thousand tensors in the same bytes, to fill the judge's memory"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "list", "v": [{"t": "tensor", "dtype": "uint8", "shape": [1 << 22], "offset": 0}] * 1_000}}, bytes(1 << 22)))


# [unknown_kind]
# number = ""
# tries = "a value of a kind of its own"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "module", "v": "os"}}, b""))


# [waits_in_a_pipe]
# number = ""
# tries = "opens a named pipe that nobody else will open"
# says = 'DeadlineExceeded'
# slow = true
inside_the_sandbox()

import os

def dot(x, y):
    os.mkfifo(f"/tmp/pipe-{len(os.listdir('/tmp'))}")
    open("/tmp/pipe-0").read()
