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
