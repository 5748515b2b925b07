"""Checks that an assignment can be graded, and lists the students who handed it in."""

from __future__ import annotations

from collections.abc import Iterable

from nbgrader.api import Gradebook, MissingEntry

from autograder.course import Assignment, Course
from autograder.gradebook.database import open_gradebook
from autograder.submissions.submitted import check_submitted


def require_gradable(course: Course, assignment: Assignment) -> None:
    """Refuse an assignment that cannot be graded, before anything is judged.

    Raises:
        ValueError: `submitted/` holds what must not be there, the assignment was not released, or
            its points have changed since.
    """
    check_submitted(course)
    with open_gradebook(course) as gradebook:
        require_released(gradebook, assignment)
        _require_points(course, gradebook, assignment)


def require_released(gradebook: Gradebook, assignment: Assignment) -> None:
    """Refuse an assignment that is not in the gradebook."""
    try:
        gradebook.find_notebook(assignment.name, assignment.name)
    except MissingEntry:
        raise ValueError(
            f"{assignment.name} is not in the gradebook: run `course release {assignment.number}`"
        ) from None


def chosen_students(
    course: Course, assignment: Assignment, students: Iterable[str] | None
) -> list[str]:
    """Return the ids of the students whose work is to be looked at.

    Args:
        course: the course.
        assignment: the assignment.
        students: ids of the wanted students; None for all who handed in.

    Raises:
        ValueError: a wanted student did not hand in.
    """
    everybody = handed_in(course, assignment)
    if students is None:
        return everybody
    wanted = sorted(set(students))
    if missing := [student for student in wanted if student not in everybody]:
        raise ValueError(
            f"{', '.join(missing)} handed in no {assignment.name}: there is no folder "
            f"submitted/{missing[0]}/{assignment.name}"
        )
    return wanted


def handed_in(course: Course, assignment: Assignment) -> list[str]:
    """Return the ids of the students with a submission.

    Hidden folders, which an interrupted `collect` may leave, are ignored.
    """
    folders = (course.root / "submitted").glob(f"*/{assignment.name}")
    return sorted(f.parent.name for f in folders if not f.parent.name.startswith("."))


def _require_points(course: Course, gradebook: Gradebook, assignment: Assignment) -> None:
    """Refuse an assignment whose tests are now worth other points than when it was released."""
    notebook = gradebook.find_notebook(assignment.name, assignment.name)
    released = {cell.name: cell.max_score for cell in notebook.grade_cells}
    for exercise in course.exercises_of(assignment):
        before = released.get(f"check-{exercise.id}", exercise.points)
        if exercise.points != before:
            raise ValueError(
                f"{exercise.id} was released for {before:g} points, but its tests add up to "
                f"{exercise.points:g}: give the tests their points back, or run "
                f"`course notebooks` and `course release {assignment.number} --replace`"
            )
