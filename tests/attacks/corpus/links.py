# number = ""
# tries = "follows links out of the sandbox, and links its files to itself"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os

def symbolic(target):
    def way():
        os.symlink(target, f"/tmp/{len(os.listdir('/tmp'))}")
        return open(f"/tmp/{len(os.listdir('/tmp')) - 1}").read()
    return way

def hard():
    os.link(os.__file__, "/tmp/os.py")
    with open("/tmp/os.py", "a") as file:
        return file.write("#")

def dot(x, y):
    attempt(
        canary=symbolic(OUTSIDE["files"]["canary"]),
        above=symbolic("../" * 40 + OUTSIDE["files"]["canary"]),
        first=symbolic("/proc/1/root" + OUTSIDE["files"]["canary"]),
        hard=hard,
    )
