"""Makes manifests from a course; a manifest says what students know of their exercises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.course import Assignment, Course, CourseExercise
from autograder.student.manifest import ExerciseEntry, Manifest, TestTitle
from autograder.testing.declarations import GradedTest


def manifest_of(root: Path) -> Manifest:
    """Return the manifest of a checkout, with every exercise of the course."""
    course = Course.find(root)
    return manifest_for(course, course.assignments()[-1], version="")


def manifest_for(
    course: Course,
    assignment: Assignment,
    *,
    version: str,
    files: Mapping[str, str] | None = None,
) -> Manifest:
    """Return the manifest of a release, with the exercises of its assignment and all before it.

    Args:
        course: the course.
        assignment: the assignment of the release.
        version: version of the release.
        files: sha256 of each file of the release, by path.
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
    """Return what students know of an exercise."""
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
