"""Attacks on the walls of the sandbox."""

# [anonymous_memory]
# number = ""
# tries = "takes memory in ways that limits of processes may not count"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import ctypes
import mmap
import os

libc = ctypes.CDLL(None, use_errno=True)

def shared():
    held = [mmap.mmap(-1, 64 << 20) for _ in range(400)]
    return len(held)

def dot(x, y):
    attempt(
        memfd=lambda: os.memfd_create("hoard"),
        segment=lambda: libc.shmget(0, 1 << 30, 0o1666) != -1,
        shared=shared,
        locked=lambda: libc.mlockall(3) == 0 and bytearray(1 << 30),
    )


# [devices]
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


# [fills_scratch]
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


# [gains_rights]
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


# [huge_file]
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


# [imports_the_judge]
# number = "A6"
# tries = "imports judge, tests and gradebook"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import importlib
import sys

def dot(x, y):
    sys.path += [OUTSIDE["root"], OUTSIDE["checkout"], "..", "/"]
    names = (
        "autograder.judge.grading", "autograder.nbgrader.grade", "autograder.judge.secret",
        "autograder.gradebook.standing", "tiny_tests.01_vectors.dot.hidden", "grader_tests",
        "tests", "pytest", "nbgrader",
    )
    attempt(**{n.replace(".", "_"): lambda n=n: importlib.import_module(n) for n in names})


# [links]
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


# [nested_namespaces]
# number = ""
# tries = "makes namespaces of its own, where it would have rights"
# says = 'kept out'
# walls = true
# needs = "seccomp on x86-64"
inside_the_sandbox()

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)

def call(number, *args):
    return lambda: libc.syscall(number, *args) != -1

def clone(flags):
    return lambda: libc.syscall(56, flags | 17, 0, 0, 0, 0) > 0

def dot(x, y):
    attempt(
        user=lambda: libc.unshare(0x10000000) == 0,
        mounts=lambda: libc.unshare(0x00020000) == 0,
        cloned=clone(0x10000000),
        cloned_net=clone(0x40000000),
        entered=lambda: libc.setns(os.open("/proc/1/ns/pid", os.O_RDONLY), 0) == 0,
        mounted=lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0,
        unmounted=lambda: libc.umount2(b"/proc", 2) == 0,
        rooted=lambda: libc.chroot(b"/tmp") == 0,
        traced=lambda: libc.ptrace(16, os.getppid(), 0, 0) == 0,
        bpf=call(321, 0, 0, 0),
        keys=call(248, b"user", b"x", b"y", 1, -3),
        uring=call(425, 8, 0),
        perf=call(298, 0, 0, -1, -1, 0),
        faults=call(323, 0),
        personality=call(135, 0x0040000),
    )


# [network]
# number = "A15"
# tries = "reaches for the network in every family, and for sockets of this machine"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import socket
import urllib.request

def connect(family, address, kind=socket.SOCK_STREAM):
    def way():
        with socket.socket(family, kind) as peer:
            peer.settimeout(1)
            peer.connect(address)
            peer.send(b"the hidden tests")
            return address
    return way

def some(family):
    return lambda: socket.socket(family, socket.SOCK_RAW)

def dot(x, y):
    attempt(
        tcp=connect(socket.AF_INET, ("127.0.0.1", OUTSIDE["port"])),
        udp=connect(socket.AF_INET, ("192.0.2.1", 53), socket.SOCK_DGRAM),
        ip6=connect(socket.AF_INET6, ("::1", OUTSIDE["port"])),
        abstract=connect(socket.AF_UNIX, "\0" + OUTSIDE["abstract"]),
        named=connect(socket.AF_UNIX, OUTSIDE["files"]["socket"]),
        web=lambda: urllib.request.urlopen(f"http://127.0.0.1:{OUTSIDE['port']}", timeout=1),
        names=lambda: socket.gethostbyname("example.org"),
        **{f: some(getattr(socket, f)) for f in
           ("AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_BLUETOOTH", "AF_CAN", "AF_ALG", "AF_TIPC")
           if hasattr(socket, f)},
    )


# [reads_descriptors]
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


# [reads_files]
# number = "A6"
# tries = "searches every folder for tests, gradebook, secret and other submissions"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os

def search():
    wanted = (
        "hidden.py", "public.py", "gradebook.db", ".ipynb", "verdict.json", "class.toml", "secret",
    )
    for folder, folders, files in os.walk("/"):
        own = ("/proc", "/dev", "/usr/lib", "/lib", "/grading/site-packages")
        if folder.startswith(own) or "/lib/python" in folder:
            folders.clear()
            continue
        for name in files:
            if name.endswith(wanted) or name.startswith("test_"):
                return os.path.join(folder, name)

def dot(x, y):
    attempt(
        search=search,
        **{name: lambda path=path: open(path, "rb").read() for name, path in OUTSIDE["files"].items()},
        checkout=lambda: os.listdir(OUTSIDE["root"]),
        home=lambda: os.listdir(os.path.dirname(OUTSIDE["files"]["secret"])),
        passwords=lambda: open("/etc/shadow").read(),
    )


# [reads_proc]
# number = "A6"
# tries = "reads other processes, their environment and their files through /proc"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os

def others():
    return [p for p in os.listdir("/proc") if p.isdigit() and int(p) not in (os.getpid(), 1)]

def canary(text):
    return OUTSIDE["token"] in text

def dot(x, y):
    attempt(
        others=others,
        environment=lambda: canary(str(dict(os.environ))),
        first=lambda: canary(open("/proc/1/environ").read()),
        parent=lambda: open(f"/proc/{os.getppid()}/environ").read(),
        grader=lambda: open(f"/proc/{OUTSIDE['pid']}/environ").read(),
        root=lambda: open("/proc/1/root" + OUTSIDE["files"]["canary"]).read(),
        kernel=lambda: open("/proc/kcore", "rb").read(10),
        ran=lambda: open("/proc/1/cwd/../../" + OUTSIDE["files"]["canary"]).read(),
    )


# [signals_everybody]
# number = "A11"
# tries = "signals every process that it can name"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os
import signal

def kill(pid):
    def way():
        os.kill(pid, signal.SIGKILL)
        return pid
    return way

def every():
    reached = []
    for pid in range(2, 40_000):
        try:
            os.kill(pid, signal.SIGSTOP)
            reached.append(pid)
        except OSError:
            pass
    return reached

def dot(x, y):
    attempt(
        all=kill(-1), parent=lambda: os.getppid() and kill(os.getppid())(), every=every,
        grader=kill(OUTSIDE["pid"]), canary=kill(OUTSIDE["sleeper"]),
    )


# [system_calls_of_another_abi]
# number = ""
# tries = "makes system calls in the 32-bit way, which a careless filter does not see"
# says = 'WorkerDied|kept out'
# walls = true
# needs = "seccomp on x86-64"
inside_the_sandbox()

import ctypes
import mmap

def dot(x, y):
    # mov eax, 310 (unshare); mov ebx, 0x10000000; int 0x80; ret
    code = b"\xb8\x36\x01\x00\x00\xbb\x00\x00\x00\x10\xcd\x80\xc3"
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    attempt(unshared=lambda: ctypes.CFUNCTYPE(ctypes.c_int)(address)() == 0)


# [the_first_to_go]
# number = ""
# tries = "hides from the killer of processes when memory runs out"
# says = 'kept out'
# walls = true
inside_the_sandbox()

def lower(value):
    def way():
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(value)
        return int(open("/proc/self/oom_score_adj").read()) < 0
    return way

def dot(x, y):
    attempt(never=lower("-1000"), less=lower("-1"))


# [writes_everywhere]
# number = ""
# tries = "writes into the interpreter, the packages, the edition and the devices"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os
import autograder
import numpy
import tiny_lib

def into(folder):
    def way():
        path = os.path.join(folder, "planted.py")
        with open(path, "w") as file:
            file.write("40")
        return path
    return way

def over(path):
    def way():
        with open(path, "r+") as file:
            return file.write("#")
    return way

def dot(x, y):
    folders = ("/", "/usr", "/usr/lib", "/etc", "/grading", "/grading/edition", "/grading/editions",
               "/grading/probes", "/dev", "/proc", os.path.dirname(numpy.__file__))
    attempt(
        **{folder: into(folder) for folder in folders},
        edition=over(tiny_lib.__file__), kit=over(autograder.__file__), library=over(os.__file__),
    )


# [writes_the_gradebook]
# number = "A7"
# tries = "writes its own points into gradebook and records"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import pathlib
import sqlite3

def points():
    book = sqlite3.connect(OUTSIDE["files"]["gradebook"])
    book.execute("update grade set manual_score = 100")
    book.commit()
    return "written"

def dot(x, y):
    attempt(
        gradebook=points,
        record=lambda: pathlib.Path(OUTSIDE["root"], ".course", "x").write_text("40"),
        canary=lambda: pathlib.Path(OUTSIDE["files"]["canary"]).write_text("gone"),
        submission=lambda: pathlib.Path(OUTSIDE["root"], "submitted", "x").write_text("x"),
        delete=lambda: pathlib.Path(OUTSIDE["files"]["canary"]).unlink() or "deleted",
    )
