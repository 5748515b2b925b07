"""Who judges a class, and where: in this process, in several, or on a cluster.

A bench is given to whoever grades a class. It is never left to nbgrader, whose configuration is
copied for each submission: every copy of a judge would start fork servers of its own.
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
    """Judges submissions; gives each as soon as it is done.

    Attributes:
        judge: the judge of this process; other processes and nodes judge as it would.
    """

    @property
    def judge(self) -> Judge: ...

    def judge_each(self, assignment: Assignment, works: Iterable[HandedIn]) -> Judging:
        """Judge what students handed in.

        Args:
            assignment: what they handed in.
            works: read only as fast as they are judged.
        """
        ...


@dataclass(frozen=True)
class InThisProcess:
    """Judges one submission after the other, here."""

    judge: Judge

    def judge_each(self, assignment: Assignment, works: Iterable[HandedIn]) -> Judging:
        """Judge what students handed in; see `Bench`."""
        for work in works:
            yield work, judge_one(self.judge, assignment, work.submission.for_judge())


def bench_for(judge: Judge, *, jobs: int = 1, scheduler: str | None = None) -> Bench:
    """Return the bench that a command asks for.

    Args:
        judge: of this process.
        jobs: processes that judge; 1 for this one.
        scheduler: address of a Dask cluster that judges instead.
    """
    if scheduler is not None:
        from autograder.judging.cluster import OnCluster

        return OnCluster(judge, scheduler)
    if jobs == 1:
        return InThisProcess(judge)
    from autograder.judging.processes import InProcesses

    return InProcesses(judge, jobs)
