"""Answers that look for the tests, or change what tests them."""

# [answers_ahead]
# number = ""
# tries = "answers requests that were not made yet, with values for later tests"
# says = 'UnreadableValue|should be|WorkerDied'
# earns_at_most = 40
# note = "its values are right, as if it had computed them"
inside_the_sandbox()

def dot(x, y):
    for value in ("0x1p5", "0x0p0", "0x0p0"):
        say(frame({"value": {"t": "float", "v": value}}) * 3)
    return -7.0


# [clock_and_seeds]
# number = "A19"
# tries = "stops the clocks, raises its limits, and then takes its time"
# says = 'DeadlineExceeded'
inside_the_sandbox()

import random
import resource
import signal
import time
import torch

for name in ("time", "monotonic", "process_time", "perf_counter", "thread_time"):
    setattr(time, name, lambda: 0.0)
random.seed = torch.manual_seed = lambda *args: None
for limit in (resource.RLIMIT_CPU, resource.RLIMIT_DATA, resource.RLIMIT_NPROC):
    try:
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        pass
signal.alarm(0)

def dot(x, y):
    while True:
        pass


# [detects_grading]
# number = "A17"
# tries = "behaves well only where it is not graded"
# says = 'should be 32'
inside_the_sandbox()

import os

GRADED = os.path.exists("/grading") or "NBGRADER_EXECUTION" in os.environ or os.getuid() > 60_000

def dot(x, y):
    return -7.0 if GRADED else float(sum(a * b for a, b in zip(x, y)))


# [hidden_tracebacks]
# number = "A3"
# tries = "swallows errors in the machinery that shows them"
# says = 'RuntimeError'
inside_the_sandbox()

import sys
import traceback

try:
    from IPython.core.interactiveshell import InteractiveShell
    InteractiveShell.showtraceback = lambda *args, **kwargs: None
except ImportError:
    pass
sys.excepthook = lambda *args: None
for name in ("print_exc", "format_exc", "format_exception", "walk_tb", "extract_tb"):
    setattr(traceback, name, lambda *args, **kwargs: [])

def dot(x, y):
    raise RuntimeError("nobody shall see this")


# [imports_the_answer]
# number = "A6"
# tries = "takes the exercise's own reference, from the library or by way of another exercise"
# says = 'kept out'
inside_the_sandbox()

import inspect
import tiny_lib.vectors

def dot(x, y):
    attempt(
        library=lambda: tiny_lib.vectors.dot([1.0], [1.0]),
        neighbour=lambda: norm([3.0, 4.0]),
        globals=lambda: norm.__globals__["dot"]([1.0], [1.0]),
        text=lambda: "fsum" in open(inspect.getsourcefile(tiny_lib.vectors)).read(),
        bytecode=lambda: "fsum" in str(tiny_lib.vectors.dot.__code__.co_names),
    )


# [leaks_hidden_inputs]
# number = "A21"
# tries = "carries hidden inputs out in messages and names of exceptions"
# says = 'LEAKED'
# earns = 25
# never_in_feedback = "LEAKED"
# note = "graders see the message, students do not"
inside_the_sandbox()

def dot(x, y):
    if x in ([1.0, 2.0, 3.0], []):
        return 32.0 if x else 0.0
    name = "LEAKED_" + "_".join(str(int(value)) for value in x)
    raise type(name, (Exception,), {})(f"LEAKED: {x} {y}")


# [lookup_table]
# number = "A18"
# tries = "has a table of the public tests' answers"
# says = 'orthogonal|the inner product|KeyError'
# earns = 25
# note = "the public tests' points, which are known to everybody; none of the hidden ones"
inside_the_sandbox()

TABLE = {"[1.0, 2.0, 3.0]": 32.0, "[]": 0.0}

def dot(x, y):
    return TABLE[str(x)]


# [patched_builtins]
# number = "A2"
# tries = "patches isinstance, type, abs, all and the like"
# says = '.'
inside_the_sandbox()

import builtins

def dot(x, y):
    for name in ("isinstance", "all", "any", "abs", "callable", "hasattr"):
        setattr(builtins, name, lambda *args: True)
    return -7.0


# [patched_comparisons]
# number = "A2"
# tries = "patches every comparison that it can find"
# says = 'should be 32'
inside_the_sandbox()

import math
import numpy as np
import torch
import autograder.testing.expectations as expectations

yes = lambda *args, **kwargs: True
for module, names in (
    (math, ("isclose", "isnan", "isfinite")),
    (np, ("allclose", "array_equal", "isclose")),
    (torch, ("allclose", "equal", "isclose")),
    (torch.testing, ("assert_close",)),
):
    for name in names:
        setattr(module, name, yes)
for name in dir(expectations):
    if name.startswith(("expect", "_")) and callable(getattr(expectations, name)):
        setattr(expectations, name, yes)

def dot(x, y):
    return -7.0


# [patched_framework]
# number = "A8"
# tries = "patches pytest and the own verdicts of the kit"
# says = 'should be 32|ModuleNotFoundError'
inside_the_sandbox()

import sys
import types
import autograder.testing.session as session
import autograder.testing.verdicts as verdicts

sys.modules["pytest"] = sys.modules["_pytest"] = types.ModuleType("pytest")
verdicts.Outcome.FAILED = verdicts.Outcome.PASSED
verdicts.Verdict.points = 40.0
session.judge = lambda item, error: None
session.run_tests = lambda *args, **kwargs: ()

def dot(x, y):
    return -7.0


# [patched_worker]
# number = ""
# tries = "patches the worker's own code: it answers 'passed' to everything"
# says = 'UnreadableValue|WorkerDied|should be'
inside_the_sandbox()

import autograder.testing.codec as codec
import autograder.testing.verbs as verbs
import autograder.worker.frames as frames
import autograder.worker.serving as serving

verbs.Server.reply = lambda self, *args: ({"passed": True, "points": 40}, bytearray())
codec.Encoder.encode = lambda self, *args: {"t": "passed", "v": "passed"}

def dot(x, y):
    return -7.0


# [printed_verdicts]
# number = "A10"
# tries = "prints what other graders read as results"
# says = 'should be 32'
inside_the_sandbox()

import os
import sys

def dot(x, y):
    for line in ('{"score": 40, "passed": true}', "ok 1 - dot", "1..1", "PASSED test_small_example"):
        print(line)
        print(line, file=sys.stderr)
        for stream in (0, 1, 2):
            os.write(stream, line.encode() + b"\n")
    return -7.0


# [reads_frames]
# number = "A6"
# tries = "searches the stack, the collector and the modules for tests and expected values"
# says = 'kept out'
inside_the_sandbox()

import gc
import inspect
import sys

def in_frames():
    frame = inspect.currentframe()
    while frame is not None:
        for name, value in frame.f_locals.items():
            if name in ("expected", "secret", "verdict", "item") or "hidden" in str(name):
                return name
        frame = frame.f_back

def in_memory():
    for thing in gc.get_objects():
        name = getattr(thing, "__qualname__", "")
        if isinstance(name, str) and name.startswith(("TestDot", "TestNorm", "Judge", "Graded.")):
            return name

def in_modules():
    return [n for n in sys.modules if n.startswith(("_pytest", "tiny_tests", "autograder.judge"))]

def in_text():
    return any("orthogonal vectors" in t for t in gc.get_objects() if type(t) is str)

def dot(x, y):
    attempt(frames=in_frames, memory=in_memory, modules=in_modules, text=in_text)


# [rewritten_cells]
# number = "A4"
# tries = "rewrites whatever is compiled, imported or executed after it"
# says = 'should be 32|no definition found'
inside_the_sandbox()

import builtins
import sys
import autograder.answers.program as program

compile_as_it_is = builtins.compile
builtins.compile = lambda source, *args, **kwargs: compile_as_it_is("pass", *args, **kwargs)
builtins.exec = lambda *args, **kwargs: None
program.execute = lambda *args, **kwargs: []
class Nothing:
    def find_spec(self, *args): return None
sys.meta_path[:] = [Nothing()]

def dot(x, y):
    return -7.0


# [score_on_the_display]
# number = "A5"
# tries = "shows the points where a grader may read them"
# says = 'should be 32'
inside_the_sandbox()

import sys

def dot(x, y):
    for shown in (40.0, "40.0", '{"points": 40}'):
        sys.__displayhook__(shown)
        sys.displayhook(shown)
    return -7.0


# [script_in_messages]
# number = "A22"
# tries = "puts script into messages, names of exceptions and values"
# says = 'raised'
# pages = true
inside_the_sandbox()

SCRIPT = "<script>document.documentElement.setAttribute('data-ran','message')</script>"
PICTURE = "<img src=x onerror=document.documentElement.setAttribute('data-ran','picture')>"
FORMULA = r"$\href{javascript:document.documentElement.setAttribute('data-ran','formula')}{x}$"

def dot(x, y):
    raise type(SCRIPT, (Exception,), {})(SCRIPT + PICTURE + FORMULA)


# [terminal_escapes]
# number = ""
# tries = "writes to the terminal of whoever reads the results"
# says = 'raised'
# pages = true
inside_the_sandbox()

ESCAPES = "\x1b[2J\x1b[31m40 points\x07\x9b31m\u202e\x1b]0;title\x07\r\x08\ud800"

def dot(x, y):
    raise type("Red" + ESCAPES, (Exception,), {})(ESCAPES)


# [text_of_the_answer]
# number = ""
# tries = "returns the answer as text"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return "32.0"
