"""Enters penalties for lateness into the gradebook, by nbgrader's own preprocessor and plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course import Course
from autograder.gradebook.lateness import enter_due_date, read_policy


class EnterDueDate(NbGraderPreprocessor):
    """A preprocessor that enters the due date into the gradebook, before AssignLatePenalties."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Enter the due date of the policy; without a policy, leave the gradebook's own date."""
        policy = read_policy(Course.find(Path(self.parent.parent.coursedir.root)))
        known = resources["nbgrader"]
        if policy is not None:
            with Gradebook(known["db_url"]) as gradebook:
                enter_due_date(gradebook, policy, known["assignment"])
                gradebook.db.commit()
        return nb, resources


class LatePenalty(BasePlugin):
    """A plugin of nbgrader that computes penalties by the course's policy."""

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return the points that lateness takes off, by the `LatePolicy`; None for no points."""
        policy = read_policy(Course.find(Path(self.parent.parent.parent.coursedir.root)))
        return None if policy is None else policy.penalty(score, total_seconds_late) or None
