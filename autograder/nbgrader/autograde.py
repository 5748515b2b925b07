"""Enters the verdicts on a submission into the gradebook, by nbgrader's own autograder."""

from __future__ import annotations

import itertools
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.course import Assignment, Course
from autograder.gradebook.database import close_grades, open_gradebook
from autograder.judge import records
from autograder.judging.judged import Judged
from autograder.nbgrader.config import grade_with_the_judge
from autograder.submissions.reading import HandedIn, fingerprint_of

CHANGED = "the submission was changed while it was graded; grade it again"


def autograde(course: Course, assignment: Assignment, work: HandedIn, found: Judged) -> bool:
    """Enter the verdicts on a submission into the gradebook.

    Args:
        course: the course.
        assignment: the assignment.
        work: the work of the student.
        found: what the judge found in the work.

    Returns:
        Whether this succeeded; the reason of a failure is kept with the submission's records.
    """
    student = work.student
    with open_gradebook(course) as gradebook:
        close_grades(gradebook, assignment.name, assignment.name, student)
    if fingerprint_of(course, assignment, student) != work.fingerprint:
        records.note_failure(course, student, assignment.name, CHANGED)
        return False
    config = Config()
    config.GraftStudentCells.submission = work.submission
    config.JudgeExercises.submission = work.submission
    config.JudgeExercises.judge = found
    coursedir = nbgrader_for(course, assignment, student, config)
    converter = Autograde(coursedir=coursedir, config=config)
    converter.force = True
    with quiet():
        outcome = capture_log(converter)
    if not outcome["success"]:
        records.note_failure(course, student, assignment.name, reason_of(outcome))
    return bool(outcome["success"])


def nbgrader_for(
    course: Course, assignment: Assignment, student: str, config: Config | None = None
) -> CourseDirectory:
    """Return nbgrader's view of the course, narrowed to one submission."""
    config = Config() if config is None else config
    grade_with_the_judge(config, course)
    return CourseDirectory(
        config=config, assignment_id=assignment.name, student_id=student, notebook_id="*"
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep nbgrader's log and its warnings off the terminal; the log is captured elsewhere."""
    logger = logging.getLogger("traitlets")
    before = logger.propagate, list(logger.handlers)
    logger.propagate, logger.handlers = False, [logging.NullHandler()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # harmless, from nbgrader's own queries
            yield
    finally:
        logger.propagate, logger.handlers = before


def reason_of(outcome: dict[str, str]) -> str:
    """Return why a step of nbgrader failed, from the log that `capture_log` kept."""
    said = outcome.get("log", "").replace("\n    ", "\n")  # tornado indents all lines but the first
    lines = [line for line in said.splitlines() if line.strip()]
    after_stack = [
        line
        for before, line in itertools.pairwise(lines)
        if before.startswith(" ") and not line.startswith((" ", "["))
    ]
    errors = [line.removeprefix("[ERROR] ") for line in lines if line.startswith("[ERROR]")]
    return (after_stack or errors or ["nbgrader gave no reason"])[-1].strip()
