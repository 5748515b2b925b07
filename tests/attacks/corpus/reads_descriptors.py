# number = "A6"
# tries = "looks for open files and sockets of the grader"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os
import socket
import stat

def sockets():
    found = [fd for fd in range(1024) if is_socket(fd)]
    return found if len(found) > 1 else None

def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False

def files():
    for fd in range(1024):
        try:
            path = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
        if path.startswith("/") and not path.startswith(("/dev/null", "/proc")):
            return path

def handed_over():
    [fd] = [fd for fd in range(1024) if is_socket(fd)]
    with socket.socket(fileno=os.dup(fd)) as peer:
        peer.setblocking(False)
        return socket.recv_fds(peer, 1000, 5)

def dot(x, y):
    attempt(sockets=sockets, files=files, handed_over=handed_over)
