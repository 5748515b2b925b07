# number = "A11"
# tries = "leaves by sys.exit with success"
# says = 'SystemExit'
inside_the_sandbox()

import sys

def dot(x, y):
    sys.exit(0)
