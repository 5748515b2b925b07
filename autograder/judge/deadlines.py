"""Sets how much CPU time a test may take: fifty times that of the reference, at least ten seconds.

The reference is run once, through the same worker. Its times are kept in the course's state folder,
under a hash of the tests and the library, so that they are measured again when these change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from autograder.course import Course, CourseExercise
from autograder.course.editions import file_hash
from autograder.files import write_whole

LEAST_CPU_SECONDS = 10.0
TIMES_THE_REFERENCE = 50.0


def deadline(reference_cpu_seconds: float, least: float = LEAST_CPU_SECONDS) -> float:
    """Return the CPU seconds that a test may take.

    Args:
        reference_cpu_seconds: CPU seconds that the reference took.
        least: fewest CPU seconds of a test.
    """
    return max(least, TIMES_THE_REFERENCE * reference_cpu_seconds)


def remembered(course: Course, exercise: CourseExercise) -> dict[str, float] | None:
    """Return the CPU seconds of the reference, by test.

    Return None when they were not measured yet with the present tests and library.
    """
    try:
        times = json.loads(_file(course, exercise).read_text(encoding="utf-8"))
        return {str(test): float(seconds) for test, seconds in times.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def remember(course: Course, exercise: CourseExercise, times: Mapping[str, float]) -> None:
    """Keep the CPU seconds of the reference, by test."""
    text = json.dumps(dict(times), indent=1, sort_keys=True)
    write_whole(_file(course, exercise), text.encode())


def _file(course: Course, exercise: CourseExercise) -> Path:
    tests = [*exercise.test_modules(), *course.test_helpers()]
    files = [*tests, *sorted(course.library.rglob("*.py"))]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file_hash(file))
    return course.state / "deadlines" / f"{exercise.id}-{digest.hexdigest()[:16]}.json"
