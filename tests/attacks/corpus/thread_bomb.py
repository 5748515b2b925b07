# number = "A14"
# tries = "starts threads without end"
# says = 'RuntimeError|MemoryError|DeadlineExceeded|WorkerDied'
inside_the_sandbox()

import threading

def dot(x, y):
    stay = threading.Event()
    while True:
        threading.Thread(target=stay.wait, daemon=True).start()
