# number = "A12"
# tries = "sleeps for ever, which takes no CPU time"
# says = 'DeadlineExceeded'
# slow = true
inside_the_sandbox()

import time

def dot(x, y):
    time.sleep(1e9)
