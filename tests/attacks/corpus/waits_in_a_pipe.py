# number = ""
# tries = "opens a named pipe that nobody else will open"
# says = 'DeadlineExceeded'
# slow = true
inside_the_sandbox()

import os

def dot(x, y):
    os.mkfifo(f"/tmp/pipe-{len(os.listdir('/tmp'))}")
    open("/tmp/pipe-0").read()
