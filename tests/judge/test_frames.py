"""Frames: bounded, and refused when they are not what they say."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from autograder.worker.frames import MAGIC, MAX_HEADER, BrokenFrame, receive, send


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_frame_arrives_as_it_was_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    payload = bytes(range(256)) * 5000
    sender = threading.Thread(target=send, args=(theirs, {"verb": "call"}, payload))
    sender.start()
    assert receive(ours) == ({"verb": "call"}, bytearray(payload))
    sender.join()


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        struct.pack(">4sIQ", MAGIC, MAX_HEADER + 1, 0),
        struct.pack(">4sIQ", MAGIC, 2, 1 << 60),
        struct.pack(">4sIQ", MAGIC, 7, 0) + b"not json",
        struct.pack(">4sIQ", MAGIC, 60_000, 0) + b"[" * 60_000,
    ],
    ids=["other protocol", "huge header", "huge payload", "not JSON", "nested without end"],
)
def test_bytes_that_are_no_frame_are_refused(
    pair: tuple[socket.socket, socket.socket], raw: bytes
) -> None:
    ours, theirs = pair
    theirs.sendall(raw)
    with pytest.raises(BrokenFrame):
        receive(ours)


def test_a_frame_that_stops_in_the_middle_is_refused(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.sendall(struct.pack(">4sIQ", MAGIC, 10, 0) + b"{")
    theirs.close()
    with pytest.raises(BrokenFrame, match="hung up"):
        receive(ours)
