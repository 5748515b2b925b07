"""Makes a `results.json` for Gradescope from the grades of each student.

An autograder on Gradescope ends by writing this file to /autograder/results/results.json. Our files
are made here, so a `run_autograder` on Gradescope has only to copy the file of the student whose
submission it was given. Students may read the file: from hidden tests it has only what feedback
pages show (title, diagnosis), and it tells Gradescope to hide even that.

https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from autograder.gradebook.standing import ExerciseGrade, Status, StudentGrades
from autograder.judge.redaction import for_students
from autograder.testing.verdicts import Outcome, Verdict

GIVEN_BY_HAND = "These points were given by a person."
TO_READ = "A person has yet to read this answer."


def gradescope_results(line: StudentGrades) -> dict[str, Any] | None:
    """Return the content of a student's `results.json`.

    Returns:
        The content; None when the grader failed on an exercise, or when nothing was handed in.
        Gradescope has no form for a missing score, and a person has to look first.
    """
    if line.status in (Status.NOT_GRADED, Status.NOT_SUBMITTED) or line.so_far is None:
        return None
    said = [f"{line.penalty:g} points off for handing in late."] if line.penalty else []
    said += [f"{line.pending:g} points wait for a reader."] if line.pending else []
    return {
        "score": line.so_far,
        "execution_time": math.ceil(sum(_seconds(grade) for grade in line.exercises)),
        "output": " ".join(said),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": [
            {**test, "number": f"{number}.{part}", "name_format": "text", "output_format": "text"}
            for number, grade in enumerate(line.grades, 1)
            for part, test in enumerate(_tests(grade), 1)
        ],
    }


def _tests(grade: ExerciseGrade) -> Iterator[dict[str, Any]]:
    """Give the tests of an exercise; a single entry where a person decided on the points."""
    record = grade.record
    if record is not None and record.points == grade.points:
        for verdict in for_students(record.result).verdicts:
            yield _test(grade.id, verdict)
        return
    waits = grade.points is None
    entry = {"name": grade.id, "max_score": grade.max_points, "visibility": "visible"}
    yield (
        entry | {"output": TO_READ}
        if waits
        else entry
        | {
            "score": grade.points,
            "output": GIVEN_BY_HAND if grade.by_hand else "",
        }
    )


def _test(exercise: str, verdict: Verdict) -> dict[str, Any]:
    shown = filter(None, (verdict.message, verdict.diagnosis, verdict.help))
    return {
        "name": f"{exercise}: {verdict.title}",
        "score": verdict.points,
        "max_score": verdict.max_points,
        "status": "passed" if verdict.outcome is Outcome.PASSED else "failed",
        "output": "\n".join(shown),
        "visibility": "hidden" if verdict.hidden else "visible",
    }


def _seconds(grade: ExerciseGrade) -> float:
    seconds = grade.run.get("seconds", 0.0)
    return seconds if isinstance(seconds, int | float) and math.isfinite(seconds) else 0.0
