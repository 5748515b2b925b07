# number = "A13"
# tries = "fills every folder that it may write to"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os

def fill(folder):
    def way():
        for number in range(64):
            with open(os.path.join(folder, str(number)), "wb") as file:
                file.write(b"x" * (8 << 20))
        return "half a gigabyte"
    return way

def inodes():
    for number in range(100_000):
        os.mkdir(f"/scratch/{number}")
    return "all of them"

def dot(x, y):
    attempt(**{f: fill(f) for f in ("/tmp", "/scratch", "/dev/shm")}, inodes=inodes)
