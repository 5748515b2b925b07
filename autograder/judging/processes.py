"""Judges a class in several processes.

The processes are forked from this process, so that torch and the tests are loaded only once.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.util import Finalize

import torch

from autograder.course import Assignment
from autograder.judge.deadlines import remembered
from autograder.judge.grading import Judge
from autograder.judging.bench import InThisProcess, Judging
from autograder.judging.judged import Judged, as_bytes, failed, notebook_digest, verdicts_on
from autograder.submissions.reading import HandedIn
from autograder.worker.isolation import die_with_parent

WAITING_FOR_EACH = 2  # submissions that are read ahead, so that no judge waits for the next
DIED = "JudgeDied: the process that judged it ended before it was done"

Found = tuple[str, bytes]  # digest of the notebook, verdicts as JSON
_own: Judge | None = None  # the judge of a process that judges


@dataclass(frozen=True)
class InProcesses:
    """A bench that judges in several processes.

    When a process that judges dies (the kernel may end it for memory), its submission is judged
    once more in a process of its own. If that process dies, too, this submission is not graded, and
    the others are.

    Attributes:
        judge: the judge of this process; every process has a judge like it.
        jobs: most processes that judge.
    """

    judge: Judge
    jobs: int

    def judge_each(self, assignment: Assignment, works: Iterable[HandedIn]) -> Judging:
        """Give the work of each student with what the judge found in it; see `Bench`."""
        waiting = iter(works)
        first = list(itertools.islice(waiting, self.jobs))
        waiting = itertools.chain(first, waiting)
        if len(first) < 2:
            yield from InThisProcess(self.judge).judge_each(assignment, waiting)
            return
        self.judge.prepare(assignment)
        lost: list[HandedIn] = []
        while True:
            yield from _judged(self.judge, assignment, waiting, len(first), lost)
            if not lost:
                return
            for work in lost:
                yield work, _judged_alone(self.judge, assignment, work)
            lost.clear()


def _judged(
    judge: Judge,
    assignment: Assignment,
    works: Iterator[HandedIn],
    jobs: int,
    lost: list[HandedIn],
) -> Judging:
    """Judge until no work is left or a process that judges dies.

    Args:
        judge: the judge of this process.
        assignment: the assignment.
        works: the work of each student.
        jobs: number of processes.
        lost: gets the work of the students that was not judged because a process died.
    """
    with _judges(judge, jobs) as pool:
        for exercise in judge.course.exercises_of(assignment):
            if remembered(judge.course, exercise) is None:
                pool.submit(_measure, exercise.id)
        running: dict[Future[Found], HandedIn] = {}
        while True:
            while len(running) < WAITING_FOR_EACH * jobs and (work := next(works, None)):
                try:
                    running[_submit(pool, assignment, work)] = work
                except BrokenProcessPool:
                    lost.append(work)
                    break
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                work = running.pop(future)
                try:
                    digest, verdicts = future.result()
                except BrokenProcessPool:
                    lost.append(work)
                else:
                    yield work, _judged_by(judge, digest, verdicts)
            if lost and not running:
                return


def _judged_alone(judge: Judge, assignment: Assignment, work: HandedIn) -> Judged:
    """Judge one submission in a process of its own, so that it can end no other process."""
    with _judges(judge, 1) as pool:
        try:
            return _judged_by(judge, *_submit(pool, assignment, work).result())
        except BrokenProcessPool:
            content = as_bytes(work.submission.for_judge())
            return _judged_by(judge, notebook_digest(content), failed(DIED))


def _submit(pool: ProcessPoolExecutor, assignment: Assignment, work: HandedIn) -> Future[Found]:
    return pool.submit(_judge, assignment.name, as_bytes(work.submission.for_judge()))


def _judged_by(judge: Judge, digest: str, verdicts: bytes) -> Judged:
    assert judge.secret is not None
    return Judged(judge.secret, digest, verdicts)


@contextmanager
def _judges(judge: Judge, jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Start processes that judge; when an exception leaves the block, they are ended at once."""
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    die_with_parent()
    if os.getppid() != parent:  # the parent ended before `die_with_parent` took effect
        os._exit(1)
    torch.set_num_threads(1)
    _own = judge.lent()
    Finalize(None, _own.close, exitpriority=0)  # a fork runs only finalizers when it ends


def _judge(assignment: str, notebook: bytes) -> Found:
    assert _own is not None
    return notebook_digest(notebook), verdicts_on(_own, assignment, notebook)


def _measure(exercise: str) -> None:
    """Run the reference of an exercise to set its deadlines, before a submission needs them."""
    assert _own is not None
    _own.deadlines(_own.course.exercise(exercise))
