"""A worker that ends at any step of the protocol: a mark is lost to its own exercise at most."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.judge.forks import ForkServers
from autograder.judge.grading import GradedExercise, Judge
from autograder.judge.records import sound_points
from autograder.judge.sandbox import Bubblewrap, Mounts
from autograder.judge.workers import Worker, WorkerCannotStart
from autograder.testing.verdicts import Outcome
from tests.judge.conftest import by_test, needs_sandbox

pytestmark = needs_sandbox

Grade = Callable[..., GradedExercise]

DOT = """
def dot(x, y):
    return float(sum(a * b for a, b in zip(x, y)))
"""

TOOLS = """
import os, json
from autograder.worker import frames, serving

def cut(length):
    def send(peer, header, payload=b""):
        text = json.dumps(header).encode()
        frame = frames.PREFIX.pack(frames.MAGIC, len(text), len(payload)) + text + payload
        peer.sendall(frame[:length])
        os._exit(0)
    return send

def last(peer, header, payload=b""):
    frames.send(peer, header, payload)
    os._exit(0)

def gone(*args):
    os._exit(0)
"""

WHILE_IT_LOADS = {
    "while the answer loads": "os._exit(0)",
    "before the report": "serving.send = gone",
    "in the first bytes of the report": "serving.send = cut(3)",
    "in the header of the report": "serving.send = cut(frames.PREFIX.size + 5)",
    "in the last byte of the report": "serving.send = cut(-1)",
    "after the report": "serving.receive = gone",
}
IN_A_TEST = {
    "after the request": "os._exit(0)",
    "before the answer": "serving.send = gone",
    "in the first bytes of the answer": "serving.send = cut(3)",
    "in the header of the answer": "serving.send = cut(frames.PREFIX.size + 5)",
    "in the last byte of the answer": "serving.send = cut(-1)",
    "after the answer": "serving.send = last",
    "before the next request": "serving.receive = gone",
}


@pytest.mark.parametrize("death", WHILE_IT_LOADS.values(), ids=WHILE_IT_LOADS)
def test_a_worker_that_ends_before_the_first_request_is_named_in_every_test(
    grade: Grade, death: str
) -> None:
    graded = grade("dot", f"{TOOLS}\n{DOT}\n{death}\n")
    assert {verdict.cause for verdict in graded.result.verdicts} <= {"WorkerDied", ""}
    assert by_test(graded)["test_small_example"].cause == "WorkerDied"
    assert graded.result.points == 0


@pytest.mark.parametrize("death", IN_A_TEST.values(), ids=IN_A_TEST)
def test_a_worker_that_ends_in_a_test_costs_one_test(grade: Grade, death: str) -> None:
    inner = f"def dot(x, y):\n    if not x:\n        {death}\n    return right(x, y)\n"
    graded = grade("dot", f"{TOOLS}\n{DOT.replace('dot', 'right')}\n{inner}")
    lost = [v for v in graded.result.verdicts if v.outcome is not Outcome.PASSED]
    assert [verdict.cause for verdict in lost] == ["WorkerDied"]
    assert lost[0].test in ("test_empty", "test_orthogonal")


class Unready(ForkServers):
    """Fork servers whose workers end before they are ready, until it is said otherwise."""

    ready = False

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        if not self.ready:
            raise WorkerCannotStart("the worker ended before it was ready")
        return super().start(mounts, imports)


def test_a_worker_that_ends_before_it_is_ready_costs_no_mark_and_no_second_run(
    grade: Grade, judge: Judge
) -> None:
    source = Unready(Bubblewrap())
    with Judge(judge.course, Bubblewrap(), judge.secret) as other:
        other.take_workers_from(source)
        assert sound_points(grade("dot", DOT, other).result) is None
        source.ready = True
        assert grade("dot", DOT, other).result.passed


def test_a_fork_server_that_is_killed_is_started_again(grade: Grade, judge: Judge) -> None:
    assert grade("dot", DOT).result.passed
    for warm in judge._source._warm.values():  # type: ignore[attr-defined]
        warm.server._process.kill()
    assert grade("dot", DOT).result.passed
