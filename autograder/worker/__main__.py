"""Runs a worker in a process of its own, without a sandbox: `python -m autograder.worker FD`."""

from __future__ import annotations

import socket
import sys

from autograder.worker.serving import serve_submission

READY = b"+"

if __name__ == "__main__":
    peer = socket.socket(fileno=int(sys.argv[1]))
    peer.set_inheritable(False)
    peer.sendall(READY)
    serve_submission(peer)
