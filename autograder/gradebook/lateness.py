"""Takes points off for late submissions, by the course's policy in `[tool.course.late]`.

    [tool.course.late]
    percent_per_day = 10      # of the points earned, for each day begun
    at_most = 50              # percent that the days take off in all
    grace_minutes = 15        # minutes of lateness that cost nothing
    nothing_after_days = 7    # days after which all points are lost
    [tool.course.late.due]
    02_topic = 2026-10-12T23:59:00+02:00

Without the table, or without a due date, no points are taken off. A student's `extension` in
nbgrader's gradebook moves the due date for that student.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment

from autograder.course import Assignment, Course
from autograder.gradebook.database import open_gradebook

DAY = 86_400  # seconds
TABLE = "[tool.course.late]"


@dataclass(frozen=True)
class LatePolicy:
    """The course's policy for late submissions.

    Attributes:
        due: when each assignment is due, in UTC; an assignment without a date is never late.
        percent_per_day: percent of the earned points that are taken off for each day begun after
            the due date.
        at_most: most percent that `percent_per_day` takes off in all.
        grace_minutes: minutes of lateness that cost nothing; after them, days count from the due
            date.
        nothing_after_days: days of lateness after which all points are lost; None for never.
    """

    due: Mapping[str, datetime] = field(default_factory=dict)
    percent_per_day: float = 0.0
    at_most: float = 100.0
    grace_minutes: float = 0.0
    nothing_after_days: float | None = None

    def percent_off(self, seconds_late: float) -> float:
        """Return the percent of the points, from 0 to 100, that are taken off."""
        if seconds_late <= self.grace_minutes * 60:
            return 0.0
        if self.nothing_after_days is not None and seconds_late > self.nothing_after_days * DAY:
            return 100.0
        return min(math.ceil(seconds_late / DAY) * self.percent_per_day, self.at_most)

    def penalty(self, points: float, seconds_late: float) -> float:
        """Return how many of the earned points are taken off."""
        return round(points * self.percent_off(seconds_late) / 100, 6)

    def __str__(self) -> str:
        said = [f"{self.percent_per_day:g}% of the points off for each day begun"]
        if self.at_most < 100:
            said.append(f"at most {self.at_most:g}%")
        if self.grace_minutes:
            said.append(f"nothing within {self.grace_minutes:g} minutes")
        if self.nothing_after_days is not None:
            said.append(f"no points after {self.nothing_after_days:g} days")
        return ", ".join(said)


def read_policy(course: Course) -> LatePolicy | None:
    """Return the course's policy; None when the course has none.

    Raises:
        ValueError: the table `[tool.course.late]` has a mistake; the message names it.
    """
    if not course.late:
        return None
    where = f"{course.root / 'pyproject.toml'}: {TABLE}"
    values = dict(course.late)
    due = values.pop("due", {})
    numbers = {each.name for each in fields(LatePolicy)} - {"due"}
    if unknown := values.keys() - numbers:
        raise ValueError(
            f"{where} has the unknown key {', '.join(sorted(unknown))}; known are due, "
            f"{', '.join(sorted(numbers))}"
        )
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
            raise ValueError(f"{where}: {name} should be a number from 0, not {value!r}")
    return LatePolicy(_due_dates(course, due, where), **values)


def _due_dates(course: Course, due: Any, where: str) -> dict[str, datetime]:
    if not isinstance(due, dict):
        raise ValueError(f"{where}: due should be a table of dates by assignment")
    known = {assignment.name for assignment in course.assignments()}
    for name, date in due.items():
        if name not in known:
            raise ValueError(f"{where}: due names {name!r}, which is no assignment")
        if not isinstance(date, datetime) or date.tzinfo is None:
            raise ValueError(
                f"{where}: {name} should be due at a date and time with an offset, such as "
                f"2026-10-12T23:59:00+02:00, not {date}"
            )
    return {name: date.astimezone(UTC) for name, date in due.items()}


# after people gave points -------------------------------------------------------------------------


def settle(
    course: Course, assignment: Assignment, *, students: Iterable[str] | None = None
) -> None:
    """Compute the penalties again, from the points that people gave and the present policy.

    nbgrader computes a penalty when it autogrades, before written answers have points. Nothing
    happens in a course without a policy.
    """
    policy = read_policy(course)
    if policy is None:
        return
    with open_gradebook(course) as gradebook:
        settle_in(gradebook, policy, assignment.name, students)
        gradebook.db.commit()


def settle_in(
    gradebook: Gradebook, policy: LatePolicy, assignment: str, students: Iterable[str] | None = None
) -> None:
    """Compute the penalties in an open gradebook again; the caller commits them or not."""
    enter_due_date(gradebook, policy, assignment)
    for submission in _submissions(gradebook, assignment, students):
        for notebook in submission.notebooks:
            penalty = policy.penalty(notebook.score or 0.0, _seconds_late(submission))
            notebook.late_submission_penalty = penalty or None


def lateness(course: Course, assignment: Assignment) -> dict[str, float]:
    """Return how many seconds late each student handed in; students in time are left out.

    Nothing is written to the gradebook.
    """
    policy = read_policy(course)
    with open_gradebook(course) as gradebook, gradebook.db.no_autoflush:
        if policy is not None:
            enter_due_date(gradebook, policy, assignment.name)
        found = {
            submission.student_id: _seconds_late(submission)
            for submission in _submissions(gradebook, assignment.name, None)
        }
    return {student: seconds for student, seconds in found.items() if seconds > 0}


def _seconds_late(submission: SubmittedAssignment) -> float:
    if submission.assignment.duedate is None:
        return 0.0  # nbgrader would fail: it adds the extension to the due date
    return float(submission.total_seconds_late)


def _submissions(
    gradebook: Gradebook, assignment: str, students: Iterable[str] | None
) -> list[SubmittedAssignment]:
    try:
        found = gradebook.assignment_submissions(assignment)
    except MissingEntry:
        return []
    wanted = None if students is None else set(students)
    return [each for each in found if wanted is None or each.student_id in wanted]


def enter_due_date(gradebook: Gradebook, policy: LatePolicy, name: str) -> None:
    """Enter the policy's due date of an assignment into an open gradebook; the caller commits."""
    try:
        assignment = gradebook.find_assignment(name)
    except MissingEntry:
        return
    due = policy.due.get(name)
    assignment.duedate = None if due is None else due.replace(tzinfo=None)  # nbgrader's: naive UTC
