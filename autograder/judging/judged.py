"""What a judge finds in a submission: a notebook in, verdicts out, both as bytes.

Judging reads no gradebook and writes nothing, so that any number of processes can do it; one
process writes what they found. Only JSON crosses between them, never a pickled result.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course import Assignment
from autograder.judge.grading import Graded, Judge
from autograder.judge.records import steady


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
        if digest_of(as_bytes(notebook)) != self.digest:
            raise RuntimeError("the submission was changed while it was graded; grade it again")
        return {id: Graded.from_json(graded) for id, graded in found["graded"].items()}


def judge_one(judge: Judge, assignment: Assignment, notebook: NotebookNode) -> Judged:
    """Judge a submission in this process."""
    assert judge.secret is not None
    content = as_bytes(notebook)
    return Judged(judge.secret, digest_of(content), verdicts_on(judge, assignment.name, content))


def verdicts_on(judge: Judge, assignment: str, notebook: bytes) -> bytes:
    """What a judge finds, or why it failed, as JSON."""
    try:
        read = nbformat.from_dict(json.loads(notebook))  # as it is: ids that occur twice, too
        found = judge.grade_notebook(judge.course.assignment(assignment), read)
        sound = {id: replace(each, result=steady(each.result)) for id, each in found.items()}
        verdicts: dict[str, Any] = {"graded": {id: each.to_json() for id, each in sound.items()}}
    except Exception as error:
        return failed(f"{type(error).__name__}: {error}")
    return json.dumps(verdicts).encode()


def failed(reason: str) -> bytes:
    """In the place of verdicts: why there are none."""
    return json.dumps({"failure": reason}).encode()


def as_bytes(notebook: NotebookNode) -> bytes:
    """A notebook on its way to a judge."""
    return json.dumps(notebook, sort_keys=True).encode("utf-8", "surrogatepass")


def digest_of(content: bytes) -> str:
    """What tells a notebook that was judged from any other."""
    return hashlib.sha256(content).hexdigest()
