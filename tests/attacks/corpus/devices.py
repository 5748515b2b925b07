# number = ""
# tries = "makes and opens devices"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os
import stat

def dot(x, y):
    attempt(
        memory=lambda: os.mknod("/tmp/mem", 0o666 | stat.S_IFCHR, os.makedev(1, 1)) or "made",
        disk=lambda: os.mknod("/tmp/sda", 0o666 | stat.S_IFBLK, os.makedev(8, 0)) or "made",
        **{name: lambda name=name: open(f"/dev/{name}", "rb").read(1)
           for name in ("mem", "kmsg", "sda", "vda", "tty", "fuse", "kvm")},
    )
