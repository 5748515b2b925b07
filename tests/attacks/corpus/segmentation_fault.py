# number = "A11"
# tries = "crashes the interpreter"
# says = 'WorkerDied'
inside_the_sandbox()

import ctypes

def dot(x, y):
    ctypes.string_at(0)
