"""Grades a class: a bench judges the submissions, and this process alone writes the grades."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing

from autograder.course import Assignment, Course
from autograder.gradebook import done
from autograder.gradebook.database import back_up, one_engine, open_gradebook
from autograder.gradebook.gradable import chosen_students, require_gradable
from autograder.gradebook.standing import ClassGrades, class_grades
from autograder.judging.bench import Bench
from autograder.nbgrader.autograde import autograde
from autograder.nbgrader.interrupts import unbroken
from autograder.submissions.reading import read_handed_in

Progress = Callable[[str, int, int], None]


def grade_class(
    course: Course,
    assignment: Assignment,
    *,
    bench: Bench,
    students: Iterable[str] | None = None,
    progress: Progress | None = None,
    again: bool = True,
) -> ClassGrades:
    """Grade the submissions of an assignment and return the grades of the class.

    The bench may judge in several processes. This process alone writes to the gradebook, one
    submission at a time, after it has made a copy of the gradebook. A submission that cannot be
    graded does not stop the others. A run that was stopped goes on where it was.

    Args:
        course: the course.
        assignment: the assignment.
        bench: the bench that judges the submissions.
        students: ids of the students to grade; default all who handed in.
        progress: called after each submission with the id of the student, the number of
            submissions that are done, and the number of all.
        again: whether to grade submissions anew that are graded already with the same tests.

    Raises:
        ValueError: the assignment was not released, its points have changed since, a student did
            not hand in, `submitted/` holds something that must not be there, the gradebook cannot
            be written, or the bench cannot be used.
    """
    require_gradable(course, assignment)
    chosen = chosen_students(course, assignment, students)
    back_up(course)
    with one_engine():
        state = done.state_of(course, assignment, bench.judge)
        waiting = chosen if again else _not_done(course, assignment, chosen, state)
        already = len(chosen) - len(waiting)
        works = (read_handed_in(course, assignment, student) for student in waiting)
        with closing(bench.judge_each(assignment, works)) as judged:
            for count, (work, found) in enumerate(judged, start=already + 1):
                with unbroken():
                    done.mark_undone(course, assignment, work.student)
                    if autograde(course, assignment, work, found):
                        done.mark_done(course, assignment, work, state)
                if progress is not None:
                    progress(work.student, count, len(chosen))
    return class_grades(course, assignment)


def _not_done(course: Course, assignment: Assignment, students: list[str], state: str) -> list[str]:
    with open_gradebook(course) as gradebook:
        return [s for s in students if not done.is_done(course, gradebook, assignment, s, state)]
