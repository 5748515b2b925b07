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
