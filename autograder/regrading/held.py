"""Holds the findings of a regrade in a file until they are applied, and checks them for changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.course import Assignment, Course
from autograder.gradebook import done
from autograder.gradebook.database import grades_of, open_gradebook
from autograder.judge import records
from autograder.judge.grading import Judge
from autograder.judge.inputs import Inputs, common_inputs
from autograder.judging.judged import Judged
from autograder.submissions.reading import fingerprint_of, submitted_notebook

FORMAT = 1


@dataclass(frozen=True)
class JudgedWith:
    """All that the findings of a regrade depend on besides the submissions.

    Attributes:
        digest: digest of all that the findings depend on; see `done.state_of`.
        inputs: the named parts, such as tests and packages.
    """

    digest: str
    inputs: Inputs

    @classmethod
    def of(cls, course: Course, assignment: Assignment, judge: Judge) -> JudgedWith:
        """Return the present state of an assignment."""
        assert judge.secret is not None
        return cls(
            done.state_of(course, assignment, judge),
            common_inputs(course, assignment, judge.secret),
        )


@dataclass
class Held:
    """The findings of a regrade, what they depend on, and what the gradebook had.

    Attributes:
        state: the state of tests, reference, packages and all the rest at the time of the regrade.
        students: for each student, by id, digests of the work, the findings, and what the
            gradebook had.
        applying: whether the findings are being applied; the gradebook may then differ.
        when: date and time of the regrade.
    """

    state: JudgedWith
    students: dict[str, dict[str, Any]]
    applying: bool = False
    when: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def write(self, path: Path) -> None:
        """Write the findings to a file."""
        records.write_json(path, {"format": FORMAT, **asdict(self)})

    def begin_applying(self, path: Path) -> None:
        """Note in the file that the findings are being applied.

        The gradebook may differ from then on, and the next run can finish an interrupted run.
        """
        self.applying = True
        self.write(path)

    def judged(self, student: str, secret: bytes) -> Judged:
        """Return what the judge found in the work of a student."""
        entry = self.students[student]
        return Judged(secret, entry["notebook"], json.dumps(entry["found"]).encode())

    @classmethod
    def read(cls, path: Path, assignment: Assignment) -> Held:
        """Read the findings from a file.

        Raises:
            ValueError: there is no such file, or it is damaged.
        """
        again = f"run `course regrade {assignment.number}`"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("format") != FORMAT:
                raise ValueError("of another version")
            state = data.pop("state")
            return cls(JudgedWith(state["digest"], Inputs(**state["inputs"])), **data)
        except FileNotFoundError:
            raise ValueError(f"nothing is held for {assignment.name}: {again} first") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged ({error}): {again} again") from error


def held_file(course: Course, assignment: Assignment) -> Path:
    """Return the file that holds a regrade until it is applied."""
    return course.state / "regrades" / f"{assignment.name}.json"


def what_changed(
    course: Course, assignment: Assignment, held: Held, state: JudgedWith
) -> Iterator[str]:
    """Give what changed since the class was judged again, in words.

    Points that people gave since do not matter.
    """
    if state.digest != held.state.digest:
        words = state.inputs.changed_since(held.state.inputs)
        yield f"{', '.join(words) or 'the release, the settings or the sandbox'} changed"
        return
    for student, entry in held.students.items():
        if not submitted_notebook(course, assignment, student).is_file():
            yield f"the work of {student} is gone"
        elif _digest_of(course, assignment, student, state) != entry["work"]:
            yield f"{student} handed in something else"
        elif not held.applying and in_book(course, assignment, student) != entry["book"]:
            yield f"{student} was graded since"


def _digest_of(course: Course, assignment: Assignment, student: str, state: JudgedWith) -> str:
    return done.work_digest(fingerprint_of(course, assignment, student), state.digest)


def in_book(course: Course, assignment: Assignment, student: str) -> dict[str, list[Any]]:
    """Return what the gradebook has from the judge; points given by people are left out.

    Returns:
        For each exercise, by id, the judge's points and a digest of the judge's record.
    """
    with open_gradebook(course) as gradebook:
        scores = {g.name: g.auto_score for g in grades_of(gradebook, assignment.name, student)}
    found: dict[str, list[Any]] = {}
    for exercise in course.exercises_of(assignment):
        folder = records.record_folder(course, student, assignment.name, exercise.id)
        try:
            kept = hashlib.sha256((folder / records.VERDICT).read_bytes()).hexdigest()
        except OSError:
            kept = ""
        found[exercise.id] = [scores.get(f"check-{exercise.id}"), kept]
    return found
