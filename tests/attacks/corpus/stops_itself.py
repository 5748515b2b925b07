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
