"""Writes feedback pages for students, by nbgrader's generate_feedback with our own template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades
from nbgrader.utils import capture_log
from traitlets.config import Config

from autograder.course import Assignment, Course
from autograder.gradebook.lateness import settle
from autograder.gradebook.standing import ClassGrades, Status, StudentGrades, class_grades
from autograder.nbgrader.autograde import nbgrader_for, quiet, reason_of


@dataclass
class Feedback:
    """Feedback pages of an assignment.

    Attributes:
        pages: path of each page, by id of the student.
        problems: why a page could not be written, by id of the student.
    """

    pages: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def feedback_page(course: Course, assignment: Assignment, student: str) -> Path:
    """Return the path of a student's feedback page, whether or not it is written yet."""
    return course.root / "feedback" / student / assignment.name / f"{assignment.name}.html"


def write_feedback(
    course: Course, assignment: Assignment, *, students: Iterable[str] | None = None
) -> Feedback:
    """Write a feedback page for each student whose work was graded.

    When a page cannot be written, the others still are.

    Args:
        course: the course.
        assignment: the assignment.
        students: ids of the students; default all whose work was graded.
    """
    feedback = Feedback()
    graded = sorted(
        folder.parent.name for folder in (course.root / "autograded").glob(f"*/{assignment.name}")
    )
    for student in graded if students is None else sorted(set(students)):
        config = Config()
        coursedir = nbgrader_for(course, assignment, student, config)
        converter = GenerateFeedback(coursedir=coursedir, config=config)
        converter.force = True
        with quiet():
            outcome = capture_log(converter)
        if outcome["success"]:
            feedback.pages[student] = feedback_page(course, assignment, student)
        else:
            feedback.problems[student] = reason_of(outcome)
    return feedback


class ShowGrades(GetGrades):
    """A preprocessor that adds the grades, and the reasons for missing grades, to a page."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Add a summary of the points to the resources, and take bare scores from the cells."""
        nb, resources = super().preprocess(nb, resources)
        course = Course.find(Path(self.parent.parent.coursedir.root))
        known = resources["nbgrader"]
        assignment = course.assignment(known["assignment"])
        settle(course, assignment, students=[known["student"]])
        grades = class_grades(course, assignment, students=[known["student"]])
        known["summary"] = _summary(course, grades)
        for cell in nb.cells:
            if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
                cell.outputs = [o for o in cell.outputs if o.output_type == "display_data"]
        return nb, resources


def _summary(course: Course, grades: ClassGrades) -> dict[str, Any]:
    """Return the content of the head of a student's feedback page."""
    [line] = grades.students
    exercises = {f"check-{grade.id}": grade for grade in line.exercises}
    questions = {f"answer-{grade.id}": grade for grade in line.questions}
    titles = {cell: course.exercise(grade.id).title for cell, grade in exercises.items()}
    titles |= {cell: f"Question: {grade.id}" for cell, grade in questions.items()}
    rows = [
        {
            "cell": cell,
            "title": titles[cell],
            "points": grade.points,
            "max_points": grade.max_points,
            "status": str(grade.status),
        }
        for cell, grade in (exercises | questions).items()
    ]
    return {
        "title": course.title,
        "headline": _headline(grades, line),
        "grades": rows,
        "by_cell": {row["cell"]: row for row in rows},
    }


def _headline(grades: ClassGrades, line: StudentGrades) -> str:
    """Return the points of a student in one line."""
    late = f" ({line.penalty:g} points off for handing in late)" if line.penalty else ""
    if line.total is not None:
        return f"{line.total:g} of {grades.max_points:g} points{late}"
    missing = []
    if line.pending:
        missing.append(f"{line.pending:g} points wait for a reader")
    if ungraded := [g.id for g in line.exercises if g.status is Status.NOT_GRADED]:
        missing.append(
            f"{', '.join(ungraded)}: not graded, by the grader's own fault; a person will look"
        )
    return f"{line.so_far or 0:g} points so far{late}. {'; '.join(missing)}."
