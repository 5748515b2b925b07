# number = "A11"
# tries = "ends the process, with success"
# says = 'WorkerDied'
inside_the_sandbox()

import os

def dot(x, y):
    os._exit(0)
