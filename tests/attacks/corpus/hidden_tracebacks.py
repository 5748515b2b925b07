# number = "A3"
# tries = "swallows errors in the machinery that shows them"
# says = 'RuntimeError'
inside_the_sandbox()

import sys
import traceback

try:
    from IPython.core.interactiveshell import InteractiveShell
    InteractiveShell.showtraceback = lambda *args, **kwargs: None
except ImportError:
    pass
sys.excepthook = lambda *args: None
for name in ("print_exc", "format_exc", "format_exception", "walk_tb", "extract_tb"):
    setattr(traceback, name, lambda *args, **kwargs: [])

def dot(x, y):
    raise RuntimeError("nobody shall see this")
