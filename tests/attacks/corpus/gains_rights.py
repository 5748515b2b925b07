# number = ""
# tries = "becomes root, or somebody else"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os

def setuid_program():
    with open("/tmp/program", "w") as file:
        file.write("#!/usr/bin/python3\n")
    os.chown("/tmp/program", 0, 0)
    return os.getuid() != 0

def dot(x, y):
    attempt(
        user=lambda: os.getuid() and (os.setuid(0) or "root"),
        another=lambda: os.setuid(1000) or "another",
        group=lambda: os.setgroups([0, 1]) or "groups",
        nice=lambda: os.nice(-5) or "nicer",
        owner=lambda: os.getuid() and setuid_program(),
        root_of=lambda: os.chroot("/tmp") or "rooted",
        host=lambda: __import__("socket").sethostname("mine") or "named",
    )
