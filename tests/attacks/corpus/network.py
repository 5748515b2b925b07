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
