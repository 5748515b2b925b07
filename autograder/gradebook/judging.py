"""Judges the submissions of a class in parallel: notebooks in, verdicts out, both as bytes.

Judging reads no gradebook and writes nothing, so that any number of processes can do it; one
process writes what they found. Only JSON crosses between them, never a pickled result.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import torch
from joblib import Parallel, delayed
from nbformat import NotebookNode

from autograder.course import Assignment, Course
from autograder.gradebook.untrusted import submission_of
from autograder.judge.grading import Graded, Judge
from autograder.judge.records import steady

LOOK_AFTER_PARENT_SECONDS = 1.0


class JudgeFailed(RuntimeError):
    """The grader's own failure on a whole submission, where it was judged; told by its name."""


@dataclass(frozen=True)
class Judged:
    """What a judge found in a submission, for the one who writes it down; graded like by a judge.

    Attributes:
        secret: the key that hidden inputs were drawn with.
        digest: of the notebook that was judged.
        verdicts: JSON of what was found, by exercise; or of why nothing was.
    """

    secret: bytes
    digest: str
    verdicts: bytes

    def grade_notebook(self, assignment: Assignment, notebook: NotebookNode) -> dict[str, Graded]:
        """What was found.

        Raises:
            JudgeFailed: with the failure.
            RuntimeError: the submission is not the one that was judged.
        """
        found = json.loads(self.verdicts)
        if "failure" in found:
            raise JudgeFailed(found["failure"])
        if _digest(_as_bytes(notebook)) != self.digest:
            raise RuntimeError("the submission was changed while it was graded; grade it again")
        return {id: Graded.from_json(graded) for id, graded in found["graded"].items()}


def judge_one(judge: Judge, assignment: Assignment, notebook: NotebookNode) -> Judged:
    """Judge a submission in this process."""
    assert judge.secret is not None
    content = _as_bytes(notebook)
    return Judged(judge.secret, _digest(content), _verdicts(judge, assignment.name, content))


def judge_students(
    judge: Judge, assignment: Assignment, students: Sequence[str], *, jobs: int
) -> Iterator[tuple[str, Judged]]:
    """Judge what students handed in, by one process or several; give each as soon as it is done.

    It is never left to nbgrader, whose configuration is copied for each submission: every copy of a
    judge would start fork servers of its own.

    Args:
        judge: of this process, or what every process starts its own like.
        assignment: what they handed in.
        students: ids.
        jobs: processes that judge; 1 for this one.
    """
    submissions = ((each, submission_of(judge.course, assignment, each)) for each in students)
    notebooks = ((student, submission.for_judge()) for student, submission in submissions)
    if jobs == 1 or len(students) < 2:
        return ((student, judge_one(judge, assignment, each)) for student, each in notebooks)
    return judge_class(judge, assignment, notebooks, jobs=min(jobs, len(students)))


def judge_class(
    judge: Judge,
    assignment: Assignment,
    submissions: Iterable[tuple[str, NotebookNode]],
    *,
    jobs: int,
) -> Iterator[tuple[str, Judged]]:
    """Judge submissions, a few at a time; give each as soon as it is done.

    Args:
        judge: what every process starts its own like.
        assignment: what the notebooks answer.
        submissions: student and notebook; read only as fast as they are judged.
        jobs: processes.
    """
    assert judge.secret is not None
    tasks = (
        delayed(_judge_one)(judge, assignment.name, student, _as_bytes(notebook), os.getpid())
        for student, notebook in submissions
    )
    parallel = Parallel(
        n_jobs=jobs,
        backend="loky",
        return_as="generator_unordered",
        batch_size=1,
        pre_dispatch=2 * jobs,
    )
    with closing(parallel(tasks)) as results:
        for student, digest, verdicts in results:
            yield student, Judged(judge.secret, digest, verdicts)


def _judge_one(
    judge: Judge, assignment: str, student: str, notebook: bytes, parent: int
) -> tuple[str, str, bytes]:
    """Judge one submission, in a process of joblib's."""
    _end_with(parent)
    own = _own_judge(str(judge.course.root), judge.sandbox, judge.secret)
    return student, _digest(notebook), _verdicts(own, assignment, notebook)


def _verdicts(judge: Judge, assignment: str, notebook: bytes) -> bytes:
    """What a judge finds, or why it failed, as JSON."""
    try:
        read = nbformat.from_dict(json.loads(notebook))  # as it is: ids that occur twice, too
        found = judge.grade_notebook(judge.course.assignment(assignment), read)
        sound = {id: replace(each, result=steady(each.result)) for id, each in found.items()}
        verdicts: dict[str, Any] = {"graded": {id: each.to_json() for id, each in sound.items()}}
    except Exception as error:
        verdicts = {"failure": f"{type(error).__name__}: {error}"}
    return json.dumps(verdicts).encode()


@cache
def _own_judge(root: str, sandbox: Any, secret: bytes) -> Judge:
    """This process's judge, whose fork servers live as long as the process."""
    torch.set_num_threads(1)
    return Judge(Course.find(Path(root)), sandbox, secret)


@cache
def _end_with(parent: int) -> None:
    """End when the grader was killed, which joblib's processes would outlive."""
    if parent == os.getpid():
        return
    original = os.getppid()

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == original:
            pause.wait(LOOK_AFTER_PARENT_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _as_bytes(notebook: NotebookNode) -> bytes:
    return json.dumps(notebook, sort_keys=True).encode("utf-8", "surrogatepass")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
