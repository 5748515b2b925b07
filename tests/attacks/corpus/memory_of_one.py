# number = "A13"
# tries = "takes all memory that one process can have"
# says = 'MemoryError|WorkerDied|DeadlineExceeded'
inside_the_sandbox()

def dot(x, y):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
