# number = "A16"
# tries = "writes a file larger than it may, densely and with a hole"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os

def dense():
    with open("/scratch/huge", "wb") as file:
        for _ in range(64):
            file.write(bytes(4 << 20))
    return "written"

def hole():
    os.truncate(os.open("/tmp/hole", os.O_RDWR | os.O_CREAT), 1 << 40)
    return "written"

def dot(x, y):
    attempt(dense=dense, hole=hole)
