"""Answers that end, hang or use up what they run in."""

# [daemon]
# number = "A20"
# tries = "leaves a process behind that changes results later"
# says = 'should be 32'
inside_the_sandbox()

import os
import signal
import time

def dot(x, y):
    if not os.fork():
        os.setsid()
        if not os.fork():
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            while True:
                try:
                    open(OUTSIDE["files"]["canary"], "w").write("40")
                except OSError:
                    pass
                time.sleep(0.01)
        os._exit(0)
    return -7.0


# [endless_loop]
# number = "A12"
# tries = "computes for ever"
# says = 'DeadlineExceeded'
inside_the_sandbox()

def dot(x, y):
    while True:
        pass


# [endless_loop_when_loaded]
# number = "A12"
# tries = "computes for ever before any test"
# says = 'DeadlineExceeded'
inside_the_sandbox()

while True:
    pass

def dot(x, y):
    return -7.0


# [exits_at_once]
# number = "A11"
# tries = "ends the process, with success"
# says = 'WorkerDied'
inside_the_sandbox()

import os

def dot(x, y):
    os._exit(0)


# [exits_when_loaded]
# number = "A11"
# tries = "ends the process before any test"
# says = 'WorkerDied'
inside_the_sandbox()

import os

os._exit(0)

def dot(x, y):
    return 32.0


# [fork_bomb]
# number = "A14"
# tries = "forks without end"
# says = 'DeadlineExceeded|WorkerDied|BlockingIOError|MemoryError'
inside_the_sandbox()

import os

def dot(x, y):
    while True:
        try:
            os.fork()
        except OSError:
            pass


# [hangs_the_neighbours]
# number = ""
# tries = "never ends when another exercise of the notebook is loaded"
# says = 'should be 32'
inside_the_sandbox()

class Bomb:
    while "norm" not in globals():
        pass

def dot(x, y):
    return -7.0


# [harms_the_neighbours]
# number = ""
# tries = "ends the process when another exercise of the notebook is loaded"
# says = 'should be 32'
inside_the_sandbox()

class Bomb:
    import os
    if "norm" not in globals():
        os._exit(0)

def dot(x, y):
    return -7.0


# [keyboard_interrupt]
# number = ""
# tries = "raises what should end the grader"
# says = 'KeyboardInterrupt'
inside_the_sandbox()

def dot(x, y):
    raise KeyboardInterrupt("stop the grader")


# [kills_itself]
# number = "A11"
# tries = "kills its process and its group"
# says = 'WorkerDied'
inside_the_sandbox()

import os
import signal

def dot(x, y):
    for kill, whom in ((os.killpg, os.getpgrp()), (os.kill, os.getpid()), (os.kill, 1)):
        try:
            kill(whom, signal.SIGKILL)
        except OSError:
            pass
    os.abort()


# [memory_of_many]
# number = "A13"
# tries = "takes memory by many processes"
# says = '.'
# needs = "control groups"
inside_the_sandbox()

import os
import time

def dot(x, y):
    for _ in range(12):
        if not os.fork():
            hoard = [b"x" * (16 << 20) for _ in range(20)]
            time.sleep(60)
    time.sleep(0.3)
    return -7.0


# [memory_of_one]
# number = "A13"
# tries = "takes all memory that one process can have"
# says = 'MemoryError|WorkerDied|DeadlineExceeded'
inside_the_sandbox()

def dot(x, y):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))


# [segmentation_fault]
# number = "A11"
# tries = "crashes the interpreter"
# says = 'WorkerDied'
inside_the_sandbox()

import ctypes

def dot(x, y):
    ctypes.string_at(0)


# [sleeps]
# number = "A12"
# tries = "sleeps for ever, which takes no CPU time"
# says = 'DeadlineExceeded'
# slow = true
inside_the_sandbox()

import time

def dot(x, y):
    time.sleep(1e9)


# [stack_overflow]
# number = ""
# tries = "overflows the stack of the interpreter"
# says = 'WorkerDied|RecursionError|DeadlineExceeded'
inside_the_sandbox()

import sys

def dot(x, y):
    sys.setrecursionlimit(1 << 30)
    return dot(x, y)


# [stops_itself]
# number = "A11"
# tries = "stops its process, so that it neither answers nor ends"
# says = 'DeadlineExceeded'
# slow = true
inside_the_sandbox()

import os
import signal

def dot(x, y):
    os.kill(os.getpid(), signal.SIGSTOP)
    import time
    time.sleep(3600)


# [swallows_interrupts]
# number = "A12"
# tries = "catches everything that could stop it"
# says = 'DeadlineExceeded'
inside_the_sandbox()

import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass

def dot(x, y):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


# [system_exit]
# number = "A11"
# tries = "leaves by sys.exit with success"
# says = 'SystemExit'
inside_the_sandbox()

import sys

def dot(x, y):
    sys.exit(0)


# [ten_gigabytes_of_output]
# number = "A16"
# tries = "prints ten gigabytes"
# says = 'should be 32'
inside_the_sandbox()

import os

def dot(x, y):
    page = b"x" * (32 << 20)
    for _ in range(320):
        os.write(1, page)
        os.write(2, page)
    return -7.0


# [thread_bomb]
# number = "A14"
# tries = "starts threads without end"
# says = 'RuntimeError|MemoryError|DeadlineExceeded|WorkerDied'
inside_the_sandbox()

import threading

def dot(x, y):
    stay = threading.Event()
    while True:
        threading.Thread(target=stay.wait, daemon=True).start()
