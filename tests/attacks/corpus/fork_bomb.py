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
