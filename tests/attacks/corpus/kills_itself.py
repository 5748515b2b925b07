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
