# number = "A2"
# tries = "patches isinstance, type, abs, all and the like"
# says = '.'
inside_the_sandbox()

import builtins

def dot(x, y):
    for name in ("isinstance", "all", "any", "abs", "callable", "hasattr"):
        setattr(builtins, name, lambda *args: True)
    return -7.0
