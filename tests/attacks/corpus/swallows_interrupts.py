# number = "A12"
# tries = "catches everything that could stop it"
# says = 'DeadlineExceeded'
inside_the_sandbox()

import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass

def dot(x, y):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
