"""Loads a submission, then answers the requests of a test.

This runs in the same process as the student's code, so the judge takes its replies as data only and
trusts nothing in them. The process has no test, no expected value and no secret.
"""

from __future__ import annotations

import builtins
import os
import socket
from pathlib import Path
from typing import Any

import torch

from autograder.answers.program import Program, execute
from autograder.testing.errors import NotDoneYet
from autograder.testing.verbs import Server, describe_error, seed_everything
from autograder.worker.frames import BrokenFrame, receive, send


def serve_submission(peer: socket.socket) -> None:
    """Receive an order, load its submission, and serve until the judge hangs up."""
    torch.set_num_threads(1)
    order, _ = receive(peer)
    silence()
    library = str(order["library"])
    answer, report = _load(Program.from_json(order["program"]), order["seed"], library)
    send(peer, report)
    server = Server(answer, probes=Path(order["probes"]), library=library)
    while True:
        try:
            request, payload = receive(peer)
        except BrokenFrame:
            return
        tree, reply = _serve(server, request, payload, library)
        send(peer, tree, reply)


def silence() -> None:
    """Send the standard streams to the null device, so that prints of a submission go nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    if null > 2:
        os.close(null)


def _serve(
    server: Server, request: Any, payload: bytearray, library: str
) -> tuple[Any, bytes | bytearray]:
    try:
        return server.reply(request, payload)
    except BaseException as error:
        return {"error": describe_error(error, library)}, b""


def _load(program: Program, seed: int, library: str) -> tuple[Any, dict[str, Any]]:
    """Run the cells of a submission.

    Returns:
        A function that returns the answer, and a report with notes and any error.
    """
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    seed_everything(seed)
    notes: list[str] = []
    failure: dict[str, Any] | None = None
    try:
        notes = execute(program, namespace)
    except BaseException as error:
        failure = describe_error(error, library)

    def answer() -> Any:
        if program.answer is None or program.name not in namespace:
            raise NotDoneYet("no definition found")
        return namespace[program.name]

    return answer, {
        "loaded": True,
        "notes": [str(note)[:300] for note in notes[:50]],
        "error": failure,
    }
