# number = ""
# tries = "patches the worker's own code: it answers 'passed' to everything"
# says = 'UnreadableValue|WorkerDied|should be'
inside_the_sandbox()

import autograder.testing.codec as codec
import autograder.testing.verbs as verbs
import autograder.worker.frames as frames
import autograder.worker.serving as serving

verbs.Server.reply = lambda self, *args: ({"passed": True, "points": 40}, bytearray())
codec.Encoder.encode = lambda self, *args: {"t": "passed", "v": "passed"}

def dot(x, y):
    return -7.0
