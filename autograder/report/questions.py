"""Writes the page of `course questions`: all answers to written questions, with the rubrics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.lesson import read_lesson
from autograder.authoring.source import Kind
from autograder.course import Assignment, Course
from autograder.gradebook.database import open_gradebook
from autograder.gradebook.standing import ExerciseGrade, class_grades
from autograder.releasing.student_form import WRITTEN_STUB, grade_id_of
from autograder.report.rendering import write_page


@dataclass(frozen=True)
class Answer:
    """A student's answer to a question.

    Attributes:
        student: id of the student.
        submission: nbgrader's id of the submitted notebook; it does not reveal the student.
        text: text of the answer, in markdown.
        pictures: whether the student pasted pictures into the answer.
        place: number of inputs before the answer's points on its page in the formgrader.
        grade: grade of the answer.
    """

    student: str
    submission: str
    text: str
    pictures: bool
    place: int
    grade: ExerciseGrade


@dataclass(frozen=True)
class Question:
    """A written question and the class's answers.

    Attributes:
        id: id of the question.
        points: points of the question.
        text: text of the question.
        model_answer: the answer that graders compare with; students never see it.
        rubric: rules for the points; students never see them.
        answers: the answers that are not empty, in an order that does not reveal the students.
        empty: number of students who left the answer's cell untouched.
    """

    id: str
    points: float
    text: str
    model_answer: str
    rubric: str
    answers: tuple[Answer, ...]
    empty: int

    @property
    def waiting(self) -> int:
        """Number of answers that have no points yet."""
        return sum(answer.grade.points is None for answer in self.answers)


def write_questions(
    course: Course,
    assignment: Assignment,
    folder: Path,
    *,
    names: bool = False,
    server: str,
) -> Path:
    """Write the page of an assignment's written questions.

    Points are given in the formgrader, to which the page links.

    Args:
        course: the course.
        assignment: the assignment.
        folder: folder that the page is written to.
        names: whether the page names the student of each answer.
        server: address of the Jupyter server; each answer links to its place in the formgrader.
    """
    known = {
        "course": course,
        "assignment": assignment,
        "questions": read_questions(course, assignment),
        "names": names,
        "server": server.rstrip("/"),
        "written": datetime.now().astimezone(),
    }
    return write_page(folder / f"questions-{assignment.name}.html", "questions.html.j2", known)


def read_questions(course: Course, assignment: Assignment) -> list[Question]:
    """Return the questions of an assignment, with the answers of all autograded submissions.

    Raises:
        ValueError: the assignment was not released, or its text source has a mistake.
    """
    lesson = read_lesson(course, assignment)
    found = list(_answers(course, assignment))
    return [
        Question(
            cell.id,
            cell.points,
            cell.text,
            lesson.model_answers[cell.id],
            lesson.rubrics[cell.id],
            tuple(answer for answer in found if answer.grade.id == cell.id and _has_words(answer)),
            sum(answer.grade.id == cell.id and not _has_words(answer) for answer in found),
        )
        for cell in lesson.cells
        if cell.kind is Kind.QUESTION
    ]


def _answers(course: Course, assignment: Assignment) -> Iterable[Answer]:
    """Give all answers as the formgrader shows them, in the order of its submission ids."""
    grades = {line.student: line for line in class_grades(course, assignment).students}
    with open_gradebook(course) as gradebook:
        submissions = gradebook.notebook_submissions(assignment.name, assignment.name)
        places = sorted((submitted.id, submitted.student.id) for submitted in submissions)
    for submission, student in places:
        folder = course.root / "autograded" / student / assignment.name
        path = folder / f"{assignment.name}.ipynb"
        if not path.is_file() or student not in grades:
            continue
        cells = nbformat.read(path, as_version=4).cells
        for grade in grades[student].questions:
            name = f"answer-{grade.id}"
            cell = next((c for c in cells if grade_id_of(c) == name), NotebookNode(source=""))
            pictures = bool(cell.get("attachments"))
            place = _place(cells, name)
            yield Answer(student, submission, cell.source, pictures, place, grade)


def _place(cells: Iterable[NotebookNode], name: str) -> int:
    """Return the number of inputs that the formgrader shows before a cell's points.

    The inputs are a link, then two fields of points for each graded cell, and a comment below each
    answer. An address with this number opens the formgrader at the cell. The formgrader stays
    there when it goes on to the next submission (control and full stop).
    """
    place = 1
    for cell in cells:
        if grade_id_of(cell) == name:
            break
        marks = cell.metadata.get("nbgrader", {})
        place += 2 * bool(marks.get("grade")) + bool(marks.get("solution"))
    return place


def _has_words(answer: Answer) -> bool:
    return answer.pictures or answer.text.strip() not in ("", WRITTEN_STUB)
