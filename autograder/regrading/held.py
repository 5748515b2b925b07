"""What a regrade found, held in a file until it is applied, and whether it still holds good."""

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
class State:
    """What the findings depend on besides the submissions.

    Attributes:
        digest: of all of it; see `done.state_of`.
        inputs: the parts of it that have names.
    """

    digest: str
    inputs: Inputs

    @classmethod
    def of(cls, course: Course, assignment: Assignment, judge: Judge) -> State:
        """As it is now."""
        assert judge.secret is not None
        return cls(
            done.state_of(course, assignment, judge),
            common_inputs(course, assignment, judge.secret),
        )


@dataclass
class Held:
    """What was found, what it depends on, and the gradebook it was compared with.

    Attributes:
        state: tests, reference, packages and all the rest, as they were.
        students: by id: digests of the work, what was found, and what the gradebook had.
        applying: whether it was being entered: then the gradebook may differ.
    """

    state: State
    students: dict[str, dict[str, Any]]
    applying: bool = False
    when: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def write(self, path: Path) -> None:
        """Hold it in a file."""
        records.write_json(path, {"format": FORMAT, **asdict(self)})

    def begin_applying(self, path: Path) -> None:
        """From now on the gradebook may differ: an interrupted run is finished by the next."""
        self.applying = True
        self.write(path)

    def judged(self, student: str, secret: bytes) -> Judged:
        """What was found in a student's work."""
        entry = self.students[student]
        return Judged(secret, entry["notebook"], json.dumps(entry["found"]).encode())

    @classmethod
    def read(cls, path: Path, assignment: Assignment) -> Held:
        """Read what is held.

        Raises:
            ValueError: nothing is, or the file is damaged.
        """
        again = f"run `course regrade {assignment.number}`"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("format") != FORMAT:
                raise ValueError("of another version")
            state = data.pop("state")
            return cls(State(state["digest"], Inputs(**state["inputs"])), **data)
        except FileNotFoundError:
            raise ValueError(f"nothing is held for {assignment.name}: {again} first") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged ({error}): {again} again") from error


def held_file(course: Course, assignment: Assignment) -> Path:
    """Where a regrade is held until it is applied."""
    return course.state / "regrades" / f"{assignment.name}.json"


def what_changed(course: Course, assignment: Assignment, held: Held, state: State) -> Iterator[str]:
    """What is not as it was when the class was judged, in words; points given by people may be."""
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


def _digest_of(course: Course, assignment: Assignment, student: str, state: State) -> str:
    return done.digest_of(fingerprint_of(course, assignment, student), state.digest)


def in_book(course: Course, assignment: Assignment, student: str) -> dict[str, list[Any]]:
    """The judge's points and a digest of its record, by exercise: not what people gave."""
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
