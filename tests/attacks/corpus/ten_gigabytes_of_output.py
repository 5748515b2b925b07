# number = "A16"
# tries = "prints ten gigabytes"
# says = 'should be 32'
inside_the_sandbox()

import os

def dot(x, y):
    page = b"x" * (32 << 20)
    for _ in range(320):
        os.write(1, page)
        os.write(2, page)
    return -7.0
