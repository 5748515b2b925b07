# number = "A11"
# tries = "signals every process that it can name"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os
import signal

def kill(pid):
    def way():
        os.kill(pid, signal.SIGKILL)
        return pid
    return way

def every():
    reached = []
    for pid in range(2, 40_000):
        try:
            os.kill(pid, signal.SIGSTOP)
            reached.append(pid)
        except OSError:
            pass
    return reached

def dot(x, y):
    attempt(
        all=kill(-1), parent=lambda: os.getppid() and kill(os.getppid())(), every=every,
        grader=kill(OUTSIDE["pid"]), canary=kill(OUTSIDE["sleeper"]),
    )
