"""Writes the page of `course similarity` on an assignment, for graders."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.answers.program import program_for
from autograder.course import Assignment, Course
from autograder.course.solutions import reference_object
from autograder.releasing.student_form import released_notebook
from autograder.report.rendering import write_page
from autograder.similarity.matching import K, similar_pairs
from autograder.submissions.reading import read_submission
from autograder.submissions.submitted import check_submitted

SHOWN = 40  # most pairs on the page


def write_similarity(course: Course, assignment: Assignment, folder: Path) -> tuple[Path, int]:
    """Compare the submissions of an assignment and write a page on similar answers.

    No submitted code is run.

    Args:
        course: the course.
        assignment: the assignment.
        folder: folder that the page is written to.

    Returns:
        The page, and the number of pairs of students whose answers share a passage.

    Raises:
        ValueError: the assignment was not released, or `submitted/` holds what must not be there.
    """
    check_submitted(course)
    answers = read_answers(course, assignment)
    pairs = similar_pairs(answers, known_texts(course, assignment))
    known = {
        "course": course,
        "assignment": assignment,
        "answers": answers,
        "pairs": pairs[:SHOWN],
        "count": len(pairs),
        "shortest": K,
        "written": datetime.now().astimezone(),
    }
    page = folder / f"similarity-{assignment.name}.html"
    return write_page(page, "similarity.html.j2", known), len(pairs)


def read_answers(course: Course, assignment: Assignment) -> dict[str, dict[str, str]]:
    """Return the sources of all answers, by student, then by exercise.

    Answers are found in the same way as when they are graded.
    """
    answers = {}
    for path in sorted(course.root.glob(f"submitted/*/{assignment.name}/{assignment.name}.ipynb")):
        student = path.parent.parent.name
        if not student.startswith("."):
            notebook = read_submission(path).for_judge()
            answers[student] = _answers_in(course, assignment, notebook)
    return answers


def known_texts(course: Course, assignment: Assignment) -> dict[str, list[str]]:
    """Return, by exercise, the texts that answers may share: the released cell and the reference.

    Raises:
        ValueError: the assignment was not released.
    """
    path = released_notebook(course, assignment)
    if not path.is_file():
        raise ValueError(f"{path} is missing: run `course release {assignment.number}`")
    released = _answers_in(course, assignment, nbformat.read(path, as_version=4))
    return {
        exercise.id: [
            released.get(exercise.id, ""),
            reference_object(course, exercise.object).source,
        ]
        for exercise in course.exercises_of(assignment)
    }


def _answers_in(course: Course, assignment: Assignment, notebook: NotebookNode) -> dict[str, str]:
    exercises = course.exercises_of(assignment)
    answers = {}
    for exercise in exercises:
        others = {other.name: other.object for other in exercises if other.id != exercise.id}
        ids = [other.id for other in exercises]
        program = program_for(exercise, notebook, setup="", bindings=others, other_ids=ids)
        if program.answer is not None:
            answers[exercise.id] = program.answer.source
    return answers
