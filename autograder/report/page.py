"""Writes the class report for instructors and assistants, an HTML file that needs no other file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course import Assignment, Course
from autograder.gradebook.lateness import lateness, read_policy
from autograder.gradebook.standing import Status, class_grades
from autograder.nbgrader.feedback import feedback_page
from autograder.report.rendering import write_page
from autograder.report.summary import BANDS, Findings, findings, verdicts_of_grade
from autograder.student.rendering import WORDS

NAME = "class-report.html"


def write_report(course: Course, assignments: Iterable[Assignment], folder: Path) -> Path:
    """Write the class report on some assignments.

    The report has the full messages of hidden tests, so it is not for students.

    Args:
        course: the course.
        assignments: the assignments.
        folder: folder that the page is written to; links to feedback pages are relative to it.

    Returns:
        The page.
    """
    chosen = list(assignments)
    found = [_findings(course, each) for each in chosen]
    links = {
        (each.name, line.student): Path(os.path.relpath(page, folder)).as_posix()
        for each, finding in zip(chosen, found, strict=True)
        for line in finding.grades.students
        if (page := feedback_page(course, each, line.student)).is_file()
    }
    known: dict[str, Any] = {
        "course": course,
        "findings": found,
        "links": links,
        "bands": BANDS,
        "policy": read_policy(course),
        "written": datetime.now().astimezone(),
        "Status": Status,
        "WORDS": WORDS,
        "verdicts_of": verdicts_of_grade,
    }
    return write_page(folder / NAME, "report.html.j2", known)


def _findings(course: Course, assignment: Assignment) -> Findings:
    late = lateness(course, assignment)
    return findings(course, assignment, class_grades(course, assignment), late)
