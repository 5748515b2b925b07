"""The judge grades through the sandbox: right work keeps its points, nothing else earns any."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import nbformat
import psutil
import pytest

from autograder.course import Course
from autograder.judge import connection
from autograder.judge.deadlines import deadline, remembered
from autograder.judge.forks import ForkServers
from autograder.judge.grading import GradedExercise, Judge
from autograder.judge.sandbox import Bubblewrap, Mounts
from autograder.judge.workers import Worker
from autograder.testing.submission import Submission
from autograder.testing.verdicts import Outcome
from tests.judge.conftest import by_test, needs_sandbox

pytestmark = needs_sandbox

RIGHT = "def dot(x, y):\n    return float(sum(a * b for a, b in zip(x, y)))\n"

Grade = Callable[..., GradedExercise]


def test_a_right_answer_earns_all_points(grade: Grade) -> None:
    assert grade("dot", RIGHT).result.points == 40


def test_a_known_mistake_is_diagnosed(grade: Grade) -> None:
    graded = grade("dot", "def dot(x, y):\n    return float(sum(x) + sum(y))\n")
    assert graded.result.points == 0
    assert graded.result.diagnoses == ("adds instead of multiplying",)


def test_an_exercise_may_call_the_other_ones_as_the_reference(grade: Grade) -> None:
    assert grade("norm", "def norm(x):\n    return dot(x, x) ** 0.5\n").result.passed


def test_importing_the_answer_is_no_answer(grade: Grade) -> None:
    graded = grade("dot", "from tiny_lib.vectors import dot\n")
    assert graded.result.points == 0
    assert by_test(graded)["test_small_example"].outcome is Outcome.NOT_STARTED


def test_a_file_without_the_answer_is_not_started(grade: Grade) -> None:
    graded = grade("dot", "def dott(x, y):\n    return 0.0\n")
    assert {v.outcome for v in graded.result.verdicts} == {Outcome.NOT_STARTED}
    assert graded.result.points == 0


def test_an_error_in_the_cell_is_told_with_its_line(grade: Grade) -> None:
    verdict = by_test(grade("dot", "K = 1 / 0\n" + RIGHT))["test_small_example"]
    assert "ZeroDivisionError" in verdict.message
    assert "K = 1 / 0" in verdict.message


def test_a_syntax_error_is_told(grade: Grade) -> None:
    graded = grade("dot", "def dot(x, y:\n    return 0\n")
    assert graded.result.points == 0
    assert "SyntaxError" in by_test(graded)["test_small_example"].message


def test_a_process_that_dies_costs_one_test_and_is_restarted(grade: Grade) -> None:
    dies = "import os\ndef dot(x, y):\n    if not x: os._exit(0)\n    return RIGHT(x, y)\n"
    graded = grade("dot", RIGHT.replace("dot", "RIGHT") + dies)
    assert by_test(graded)["test_empty"].cause == "WorkerDied"
    assert graded.result.points == 30


def test_an_answer_without_end_is_stopped(grade: Grade, impatient: Judge) -> None:
    graded = grade("dot", "def dot(x, y):\n    while True:\n        pass\n", impatient)
    verdict = by_test(graded)["test_small_example"]
    assert verdict.cause == "DeadlineExceeded"
    assert "more time" in verdict.message
    assert graded.run["attempts"] == 1, "CPU time would be the same again"


def test_an_answer_that_sleeps_is_stopped_by_the_wall_clock(grade: Grade, impatient: Judge) -> None:
    graded = grade("dot", "import time\ndef dot(x, y):\n    time.sleep(3600)\n", impatient)
    assert by_test(graded)["test_small_example"].cause == "DeadlineExceeded"
    assert graded.run["attempts"] == 2, "a busy machine may have been the reason"


class Overheard:
    """A socket; what is sent through it is kept."""

    def __init__(self, peer: socket.socket, sent: list[bytes]) -> None:
        self._peer = peer
        self._sent = sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._peer, name)

    def sendall(self, data: bytes) -> None:
        self._sent.append(data)
        self._peer.sendall(data)


class Overhearing(ForkServers):
    """Fork servers that keep what their workers are sent."""

    def __init__(self, sandbox: Bubblewrap) -> None:
        super().__init__(sandbox)
        self.sent: list[bytes] = []

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        worker = super().start(mounts, imports)
        worker.peer = cast(socket.socket, Overheard(worker.peer, self.sent))
        return worker


def test_what_was_found_in_time_is_not_asked_again(grade: Grade, impatient: Judge) -> None:
    grade("dot", RIGHT, impatient)  # the reference's times are known then
    slow = """
import time
def dot(x, y):
    if not x:
        time.sleep(3600)
    return float(sum(a * b for a, b in zip(x, y)))
"""
    assert isinstance(impatient.sandbox, Bubblewrap)
    source = Overhearing(impatient.sandbox)
    with Judge(impatient.course, impatient.sandbox, impatient.secret) as judge:
        judge.take_workers_from(source)
        verdicts = by_test(grade("dot", slow, judge))
    small, empty, _, empty_again = [said for said in source.sent if b'"verb": "call"' in said]
    assert empty_again == empty != small, "nothing else is asked again"
    assert verdicts["test_empty"].cause == "DeadlineExceeded"
    assert verdicts["test_small_example"].outcome is Outcome.PASSED


def test_a_forged_frame_fails_the_test_and_nothing_else(grade: Grade) -> None:
    forged = """
import os, stat
def sockets():
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                yield fd
        except OSError:
            pass
def dot(x, y):
    if not x:
        (to_the_judge,) = sockets()
        os.write(to_the_judge, b"passed" * 100)
    return float(sum(a * b for a, b in zip(x, y)))
"""
    graded = grade("dot", forged)
    verdict = by_test(graded)["test_empty"]
    assert verdict.outcome is Outcome.FAILED
    assert verdict.cause == "UnreadableValue"
    assert graded.result.points == 30


@pytest.mark.parametrize(
    "fault",
    ["import os\n    os._exit(0)", "while True: pass", "import os; os.write(4, b'x' * 99)"],
    ids=["exits", "never ends", "writes to the judge"],
)
def test_an_answer_that_ends_the_process_costs_the_other_exercises_nothing(
    tiny_course: Course, impatient: Judge, fault: str
) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(f"class Bomb:\n    {fault}\n{RIGHT}", id="ex-dot"),
            nbformat.v4.new_code_cell("def norm(x):\n    return dot(x, x) ** 0.5", id="ex-norm"),
        ]
    )
    graded = impatient.grade_notebook(tiny_course.assignment("01"), notebook)
    assert graded["dot"].result.points == 0
    assert graded["norm"].result.points == 40
    assert graded["norm"].notes[0] == connection.WITHOUT_OTHERS


def test_a_value_that_lies_about_equality_fails(grade: Grade) -> None:
    liar = """
class Liar(float):
    def __eq__(self, other): return True
    def __hash__(self): return 0
def dot(x, y):
    return Liar(7)
"""
    assert grade("dot", liar).result.points == 0


def test_patching_the_comparison_changes_nothing(grade: Grade) -> None:
    patch = """
import autograder.testing.expectations as expectations
expectations.expect_equal = lambda *args, **kwargs: None
expectations._same = lambda *args: True
def dot(x, y):
    return 0.0
"""
    graded = grade("dot", patch)
    assert by_test(graded)["test_small_example"].outcome is Outcome.FAILED


class Empty(Bubblewrap):
    """A sandbox in which the program to run is missing."""

    def command(self, mounts: Mounts) -> list[str]:
        return [*super().command(mounts), "/missing"]


def test_a_worker_that_cannot_start_is_the_graders_own_failure(grade: Grade, judge: Judge) -> None:
    with Judge(judge.course, Empty(), judge.secret) as other:
        graded = grade("dot", RIGHT, other)
    assert graded.result.points is None
    outcomes = {v.outcome for v in graded.result.verdicts}
    assert outcomes == {
        Outcome.GRADER_ERROR,
        Outcome.NOT_CHECKED,
    }


def test_the_same_answer_gets_the_same_verdicts_again(grade: Grade) -> None:
    assert grade("dot", RIGHT).result.to_json() == grade("dot", RIGHT).result.to_json()


def test_a_notebook_is_graded_exercise_by_exercise(tiny_course: Course, judge: Judge) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("import math\nprint('exploring')\n1 / 0", id="extra"),
            nbformat.v4.new_code_cell(RIGHT, id="ex-dot"),
            nbformat.v4.new_code_cell("check('dot')", id="check-dot"),
            nbformat.v4.new_code_cell("def norm(x):\n    raise SystemExit", id="ex-norm"),
        ]
    )
    graded = judge.grade_notebook(tiny_course.assignment("01"), notebook)
    assert graded["dot"].result.points == 40
    assert graded["norm"].result.points == 0


def test_a_slow_reference_stretches_the_deadline() -> None:
    assert deadline(0.05) == 10.0
    assert deadline(1.0) == 50.0


def test_the_reference_is_measured_once(grade: Grade, tiny_course: Course) -> None:
    grade("dot", RIGHT)
    times = remembered(tiny_course, tiny_course.exercise("dot"))
    assert times is not None
    assert set(times) == {"test_small_example", "test_empty", "test_orthogonal"}


def test_hidden_tests_can_be_left_out(judge: Judge, tmp_path: Path) -> None:
    answer = tmp_path / "answer.py"
    answer.write_text(RIGHT, encoding="utf-8")
    graded = judge.grade_answer("dot", answer, hidden=False)
    assert not any(verdict.hidden for verdict in graded.result.verdicts)


def test_killing_a_worker_leaves_no_process_behind(judge: Judge, tmp_path: Path) -> None:
    program = judge.grade_answer("dot", _written(tmp_path)).program
    mounts = judge.mounts(judge.course.exercise("dot"))
    before = set(psutil.Process().children(recursive=True))
    source = ForkServers(Bubblewrap())
    with connection.connected(program, mounts, source) as alive:
        alive.renew()
        watched = set(psutil.Process().children(recursive=True)) - before
        assert len(watched) >= 4, "bubblewrap, the fork server, a warm process and the worker"
    source.close()
    _, alive_still = psutil.wait_procs(watched, timeout=20)
    assert not alive_still


def test_judges_that_share_a_fork_server_have_their_workers_apart(
    judge: Judge, tmp_path: Path
) -> None:
    program = judge.grade_answer("dot", _written(tmp_path)).program
    mounts = judge.mounts(judge.course.exercise("dot"))
    source = ForkServers(Bubblewrap())
    source.prepare(mounts)
    read, write = os.pipe()
    other = os.fork()
    if other == 0:
        try:
            lent = source.lent()
            worker = lent.start(mounts)
            os.write(write, str(psutil.Process(worker.pid).uids().real).encode())
            worker.kill()
            lent.close()
        finally:
            os._exit(0)
    os.close(write)
    with connection.connected(program, mounts, source) as alive:
        alive.renew()
        assert alive._worker is not None
        own = psutil.Process(alive._worker._worker.pid).uids().real
        os.waitpid(other, 0)
        assert Submission(alive).call([2.0], [3.0]) == 6.0, "what is lent is not ended"
    theirs = os.read(read, 100)
    os.close(read)
    assert theirs, "the other one had a worker, too"
    assert os.geteuid() != 0 or int(theirs) != own
    source.close()


def _written(folder: Path) -> Path:
    path = folder / "answer.py"
    path.write_text(RIGHT, encoding="utf-8")
    return path
