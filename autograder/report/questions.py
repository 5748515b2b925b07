"""`course questions`: every answer to a written question on one page, with what graders go by."""

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
        student: id.
        submission: nbgrader's id of the submitted notebook, which names no student.
        text: what the student wrote, markdown.
        pictures: whether pictures were pasted into it.
        place: of its points among the inputs of its page in the formgrader.
        grade: where it stands.
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
        id, points, text: of the question.
        model_answer, rubric: what graders go by; students never see them.
        answers: those with words in them, ordered so that they name nobody.
        empty: how many students left it as it was.
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
        """Answers without points."""
        return sum(answer.grade.points is None for answer in self.answers)


def write_questions(
    course: Course,
    assignment: Assignment,
    folder: Path,
    *,
    names: bool = False,
    server: str,
) -> Path:
    """Write the page of an assignment's written questions; points are given in the formgrader.

    Args:
        names: say whose answers they are.
        server: where Jupyter runs; each answer links to its place in the formgrader.
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
    """The questions of an assignment with the answers of all whose work was autograded.

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
    """All answers, as the formgrader shows them, in the order of its submission ids."""
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
    """How many inputs the formgrader shows before a cell's points.

    First a link; then for each graded cell two fields of points, and below answers a comment. With
    that number in an address the formgrader opens there, and stays there from one submission to
    the next (control and full stop).
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
