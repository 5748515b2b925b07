"""Benches, which judge a class in this process, in several processes, or on a cluster.

A function that grades a class gets a bench. nbgrader never gets a bench: it copies its
configuration for each submission, and every copy of a judge would start its own fork servers.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

from autograder.course import Assignment
from autograder.judge.grading import Judge
from autograder.judging.judged import Judged, judge_one
from autograder.submissions.reading import HandedIn

Judging = Generator[tuple[HandedIn, Judged], None, None]


class Bench(Protocol):
    """Something that judges submissions, each as soon as it can.

    Attributes:
        judge: the judge of this process; the judges of other processes and nodes are like it.
    """

    @property
    def judge(self) -> Judge: ...

    def judge_each(self, assignment: Assignment, works: Iterable[HandedIn]) -> Judging:
        """Give the work of each student with what the judge found in it, as soon as it is judged.

        Args:
            assignment: the assignment that was handed in.
            works: the work of each student, read only as fast as it is judged.
        """
        ...


@dataclass(frozen=True)
class InThisProcess:
    """A bench that judges one submission after the other in this process."""

    judge: Judge

    def judge_each(self, assignment: Assignment, works: Iterable[HandedIn]) -> Judging:
        """Give the work of each student with what the judge found in it; see `Bench`."""
        for work in works:
            yield work, judge_one(self.judge, assignment, work.submission.for_judge())


def bench_for(judge: Judge, *, jobs: int = 1, scheduler: str | None = None) -> Bench:
    """Return the bench that a command asks for.

    Args:
        judge: the judge of this process.
        jobs: number of processes that judge; 1 for this process alone.
        scheduler: address of a Dask cluster that judges instead.
    """
    if scheduler is not None:
        from autograder.judging.cluster import OnCluster

        return OnCluster(judge, scheduler)
    if jobs == 1:
        return InThisProcess(judge)
    from autograder.judging.processes import InProcesses

    return InProcesses(judge, jobs)
