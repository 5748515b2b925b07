"""Judges one submission: the notebook goes in as bytes, and the verdicts come out as bytes.

Judging reads no gradebook and writes nothing, so that any number of processes can judge. A single
process writes the verdicts of all. Only JSON passes between processes, never a pickled result.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course import Assignment
from autograder.judge.grading import GradedExercise, Judge
from autograder.judge.records import steady


class JudgeFailed(RuntimeError):
    """A failure of the grader itself on a whole submission; the message names the error."""


@dataclass(frozen=True)
class Judged:
    """What a judge found in a submission; it can stand in for a `Judge` when grades are written.

    Attributes:
        secret: the key that hidden inputs were drawn with.
        digest: digest of the notebook that was judged.
        verdicts: JSON of what the judge found, by exercise, or of why the judge failed.
    """

    secret: bytes
    digest: str
    verdicts: bytes

    def grade_notebook(
        self, assignment: Assignment, notebook: NotebookNode
    ) -> dict[str, GradedExercise]:
        """Return what the judge found, by id of the exercise.

        Raises:
            JudgeFailed: the grader itself failed; the message says why.
            RuntimeError: the notebook is not the notebook that was judged.
        """
        found = json.loads(self.verdicts)
        if "failure" in found:
            raise JudgeFailed(found["failure"])
        if notebook_digest(as_bytes(notebook)) != self.digest:
            raise RuntimeError("the submission was changed while it was graded; grade it again")
        return {id: GradedExercise.from_json(graded) for id, graded in found["graded"].items()}


def judge_one(judge: Judge, assignment: Assignment, notebook: NotebookNode) -> Judged:
    """Judge a submission in this process."""
    assert judge.secret is not None
    content = as_bytes(notebook)
    return Judged(
        judge.secret, notebook_digest(content), verdicts_on(judge, assignment.name, content)
    )


def verdicts_on(judge: Judge, assignment: str, notebook: bytes) -> bytes:
    """Have a judge grade a notebook, and return what it finds, or why it failed, as JSON."""
    try:
        read = nbformat.from_dict(json.loads(notebook))  # unchanged: keeps ids that occur twice
        found = judge.grade_notebook(judge.course.assignment(assignment), read)
        sound = {id: replace(each, result=steady(each.result)) for id, each in found.items()}
        verdicts: dict[str, Any] = {"graded": {id: each.to_json() for id, each in sound.items()}}
    except Exception as error:
        return failed(f"{type(error).__name__}: {error}")
    return json.dumps(verdicts).encode()


def failed(reason: str) -> bytes:
    """Return the JSON that says, in place of verdicts, why the judge failed."""
    return json.dumps({"failure": reason}).encode()


def as_bytes(notebook: NotebookNode) -> bytes:
    """Return a notebook as the JSON that is sent to a judge."""
    return json.dumps(notebook, sort_keys=True).encode("utf-8", "surrogatepass")


def notebook_digest(content: bytes) -> str:
    """Return a digest of a notebook's JSON."""
    return hashlib.sha256(content).hexdigest()
