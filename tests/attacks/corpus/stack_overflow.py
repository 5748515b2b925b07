# number = ""
# tries = "overflows the stack of the interpreter"
# says = 'WorkerDied|RecursionError|DeadlineExceeded'
inside_the_sandbox()

import sys

def dot(x, y):
    sys.setrecursionlimit(1 << 30)
    return dot(x, y)
