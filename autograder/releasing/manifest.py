"""Makes the manifest of a workspace from the course: what students know of their exercises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.course import Assignment, Course, CourseExercise
from autograder.student.manifest import ExerciseEntry, Manifest, TestTitle
from autograder.testing.declarations import GradedTest


def manifest_of(root: Path) -> Manifest:
    """The manifest of a checkout: every exercise of the course."""
    course = Course.find(root)
    return manifest_for(course, course.assignments()[-1], version="")


def manifest_for(
    course: Course,
    assignment: Assignment,
    *,
    version: str,
    files: Mapping[str, str] | None = None,
) -> Manifest:
    """The manifest of a release: the exercises of an assignment and of all before it.

    Args:
        version: the release's.
        files: sha256 of each of its files, by path.
    """
    exercises = [*course.earlier(assignment), *course.exercises_of(assignment)]
    return Manifest(
        root=course.root,
        course=course.title,
        assignment=assignment.name,
        version=version,
        exercises={e.id: entry_of(course, e) for e in exercises},
        files=dict(files or {}),
    )


def entry_of(course: Course, exercise: CourseExercise) -> ExerciseEntry:
    """What students know of an exercise."""
    return ExerciseEntry(
        id=exercise.id,
        name=exercise.name,
        object=exercise.object,
        title=exercise.title,
        assignment=exercise.assignment.name,
        tests=exercise.public_tests.relative_to(course.root).as_posix(),
        points=exercise.points,
        difficulty=exercise.difficulty,
        minutes=exercise.minutes,
        hints=exercise.hints,
        artifact=exercise.artifact,
        public=_titles(exercise.public),
        hidden=_titles(exercise.hidden),
    )


def _titles(tests: tuple[GradedTest, ...]) -> tuple[TestTitle, ...]:
    return tuple(TestTitle(test.title, test.points) for test in tests)
