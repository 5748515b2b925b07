"""Sends and receives frames, which carry requests and replies between judge and worker.

A frame is `LKF1`, the lengths of header and payload (u32, u64, big-endian), a JSON header and raw
bytes. The receiver checks both lengths against limits before it reads, and never waits past its
deadline.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from typing import Any

MAGIC = b"LKF1"
PREFIX = struct.Struct(">4sIQ")
MAX_HEADER = 16 << 20
MAX_PAYLOAD = 256 << 20


class BrokenFrame(Exception):
    """The peer sent something that is not a frame, or stopped in the middle of one."""


def send(peer: socket.socket, header: Any, payload: bytes | bytearray = b"") -> None:
    """Send one frame.

    Raises:
        OSError: the peer is gone.
    """
    text = json.dumps(header).encode()
    peer.sendall(PREFIX.pack(MAGIC, len(text), len(payload)) + text)
    peer.sendall(payload)


def receive(peer: socket.socket, wait: Callable[[], None] = lambda: None) -> tuple[Any, bytearray]:
    """Receive one frame.

    Args:
        peer: socket that the frame comes from.
        wait: called before each read that may block; it raises an exception to give up.

    Raises:
        BrokenFrame: the bytes are not a frame, or the peer hung up.
    """
    magic, header_length, payload_length = PREFIX.unpack(_read(peer, PREFIX.size, wait))
    if magic != MAGIC or header_length > MAX_HEADER or payload_length > MAX_PAYLOAD:
        raise BrokenFrame("not a frame")
    text = _read(peer, header_length, wait)
    payload = _read(peer, payload_length, wait)
    try:
        return json.loads(text), payload
    except (ValueError, RecursionError):
        raise BrokenFrame("a frame whose header is not JSON") from None


def _read(peer: socket.socket, length: int, wait: Callable[[], None]) -> bytearray:
    data = bytearray()
    while len(data) < length:
        wait()
        chunk = peer.recv(min(1 << 20, length - len(data)))
        if not chunk:
            raise BrokenFrame("the other side hung up")
        data += chunk
    return data
