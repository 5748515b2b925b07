"""Several processes that judge a class, forked from this one: torch and tests are loaded once."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.util import Finalize

import torch
from nbformat import NotebookNode

from autograder.course import Assignment
from autograder.gradebook.judging import Judged, as_bytes, digest_of, failed, verdicts_on
from autograder.judge.deadlines import remembered
from autograder.judge.grading import Judge
from autograder.worker.isolation import die_with_parent

WAITING_FOR_EACH = 2  # submissions that are read ahead, so that no judge waits for the next
DIED = "JudgeDied: the process that judged it ended before it was done"

Work = tuple[str, bytes]  # student and notebook
Found = tuple[str, str, bytes]  # student, digest of the notebook, verdicts
_own: Judge | None = None  # of a process that judges


def judge_class(
    judge: Judge,
    assignment: Assignment,
    submissions: Iterable[tuple[str, NotebookNode]],
    *,
    jobs: int,
) -> Generator[tuple[str, Judged], None, None]:
    """Judge submissions, a few at a time; give each as soon as it is done.

    A submission whose judge dies (the kernel may end it for memory) is tried once more, alone; if
    that judge dies, too, the submission is not graded, and the others are.

    Args:
        judge: what every process has its own of.
        assignment: what the notebooks answer.
        submissions: student and notebook; read only as fast as they are judged.
        jobs: processes.
    """
    assert judge.secret is not None
    judge.prepare(assignment)
    work = ((student, as_bytes(notebook)) for student, notebook in submissions)
    lost: list[Work] = []
    while True:
        for student, digest, verdicts in _judged(judge, assignment, work, jobs, lost):
            yield student, Judged(judge.secret, digest, verdicts)
        if not lost:
            return
        for each in lost:
            student, digest, verdicts = _judged_alone(judge, assignment, each)
            yield student, Judged(judge.secret, digest, verdicts)
        lost.clear()


def _judged(
    judge: Judge, assignment: Assignment, work: Iterator[Work], jobs: int, lost: list[Work]
) -> Iterator[Found]:
    """Judge until there is no more work or a judge died; `lost` then has what is not judged."""
    with _judges(judge, jobs) as pool:
        for exercise in judge.course.exercises_of(assignment):
            if remembered(judge.course, exercise) is None:
                pool.submit(_measure, exercise.id)
        running: dict[Future[Found], Work] = {}
        while True:
            while len(running) < WAITING_FOR_EACH * jobs and (each := next(work, None)):
                try:
                    running[pool.submit(_judge, assignment.name, *each)] = each
                except BrokenProcessPool:
                    lost.append(each)
                    break
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                each = running.pop(future)
                try:
                    found = future.result()
                except BrokenProcessPool:
                    lost.append(each)
                else:
                    yield found
            if lost and not running:
                return


def _judged_alone(judge: Judge, assignment: Assignment, work: Work) -> Found:
    """Judge one submission in a process of its own, which it may take down with it."""
    with _judges(judge, 1) as pool:
        try:
            return pool.submit(_judge, assignment.name, *work).result()
        except BrokenProcessPool:
            return work[0], digest_of(work[1]), failed(DIED)


@contextmanager
def _judges(judge: Judge, jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that judge. When the block is left early, they end at once."""
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_become_judge,
        initargs=(judge, os.getpid()),
    )
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


# in a process that judges -------------------------------------------------------------------------


def _become_judge(judge: Judge, parent: int) -> None:
    global _own
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    die_with_parent()
    if os.getppid() != parent:  # it was faster
        os._exit(1)
    torch.set_num_threads(1)
    _own = judge.lent()
    Finalize(None, _own.close, exitpriority=0)  # a fork runs nothing else at its end


def _judge(assignment: str, student: str, notebook: bytes) -> Found:
    assert _own is not None
    return student, digest_of(notebook), verdicts_on(_own, assignment, notebook)


def _measure(exercise: str) -> None:
    """Run the reference for its deadlines, before the first submission asks for them."""
    assert _own is not None
    _own.deadlines(_own.course.exercise(exercise))
