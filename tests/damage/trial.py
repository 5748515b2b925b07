"""One damaged notebook, and whether what the kit makes of it is what it must."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from nbformat import NotebookNode

from autograder.answers.program import Program, program_for
from autograder.course import Course
from autograder.submissions.reading import parse_submission
from autograder.testing.declarations import Exercise
from tests.damage.damages import Step, apply
from tests.damage.notebooks import Work, original, remains, same_code, work_of
from tests.damage.saving import Saving, saved

ROOT = Path(__file__).parent.parent.parent
ASSIGNMENTS = ("01_batches", "02_distances", "03_triplets")


class Outcome(StrEnum):
    """What became of one exercise of a damaged notebook."""

    UNTOUCHED = "untouched"  # nothing to mend
    RECOVERED = "recovered"  # all of it, and the repairs say how
    CONTESTED = "defined again"  # all of it, and a part of it elsewhere: the last counts
    NOT_FOUND = "not found"  # a part of it is gone: no answer
    IN_PART = "found in part"  # a part of it is gone: what is left is graded, and said


@dataclass(frozen=True)
class Handout:
    """A correct submission to an assignment, with what it takes to grade it."""

    work: Work
    stubs: dict[str, str]
    exercises: tuple[Exercise, ...]
    bindings: dict[str, str]


@dataclass
class Trial:
    """A damaged notebook.

    Attributes:
        outcomes: of each exercise.
        complaints: where the kit did not do what it must.
        notebook: as the judge gets it.
    """

    notebook: NotebookNode
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def end(self) -> str:
        """What became of the notebook as a whole."""
        if all(outcome is Outcome.UNTOUCHED for outcome in self.outcomes.values()):
            return "no answer touched"
        lost = Outcome.NOT_FOUND, Outcome.IN_PART
        if any(outcome in lost for outcome in self.outcomes.values()):
            return "an answer, or a part of one, is gone: the others count"
        return "every answer recovered"


@lru_cache(maxsize=8)
def handout(assignment: str) -> Handout:
    """The reference as a student would hand it in."""
    course = Course.find(ROOT)
    found = course.assignment(assignment)
    notebook = json.loads(found.ipynb.read_text(encoding="utf-8"))
    exercises = course.exercises_of(found)
    work = work_of(notebook)
    stubs = {f"ex-{e.id}": _stub(original(work, f"ex-{e.id}")) for e in exercises}
    bindings = {
        other.name: other.object
        for other in course.exercises()
        if other.assignment.name <= found.name
    }
    return Handout(work, stubs, tuple(exercises), bindings)


def try_damage(assignment: str, steps: Sequence[Step], saving: Saving) -> Trial:
    """Damage a correct notebook, read it as the kit does, and compare answer by answer."""
    given = handout(assignment)
    work = given.work
    for step in steps:
        work = apply(work, step, given.stubs)
    content, damaged = saved(work, saving)
    submission = parse_submission(content)
    whole = tuple(cell for place, cell in enumerate(work) if place not in damaged)
    notebook = submission.for_judge()
    trial = Trial(notebook)
    for exercise in given.exercises:
        program = program_for(
            exercise,
            notebook,
            setup="",
            bindings={k: v for k, v in given.bindings.items() if k != exercise.name},
            other_ids=[other.id for other in given.exercises],
        )
        repairs = (*submission.problems, *program.repairs)
        outcome = _outcome(trial, given, work, whole, exercise, program, repairs, saving)
        trial.outcomes[exercise.id] = outcome
    return trial


def _outcome(
    trial: Trial,
    given: Handout,
    work: Work,
    whole: Work,
    exercise: Exercise,
    program: Program,
    repairs: tuple[str, ...],
    saving: Saving,
) -> Outcome:
    """What became of an exercise; what is wrong with that is added to the trial's complaints."""
    own = f"ex-{exercise.id}"
    text = original(given.work, own)
    left = remains(whole, own, text)
    source = None if program.answer is None else program.answer.source
    right = source is not None and same_code(source, text, exercise.name)
    if left.kept and not left.contested:
        if not right:
            trial.complaints.append(f"{exercise.id} is all there, and was not found: {repairs}")
            return Outcome.NOT_FOUND
        in_place = any(
            cell.type == "code"
            and own in _ids_in_file(cell.id, cell.grade_id, saving)
            and same_code(cell.text, text, exercise.name)
            for cell in whole
        )
        if not in_place and not repairs:
            trial.complaints.append(f"{exercise.id} was mended, and nothing is said of it")
        return Outcome.RECOVERED if repairs else Outcome.UNTOUCHED
    if left.kept and left.contested and not repairs:
        trial.complaints.append(f"{exercise.id} is defined twice, and nothing is said of it")
    if right:
        return Outcome.CONTESTED if left.kept else Outcome.RECOVERED
    return Outcome.NOT_FOUND if source is None else Outcome.IN_PART


def _ids_in_file(id: str, grade_id: str, saving: Saving) -> set[str]:
    return {grade_id, id} if saving.format in ("nbformat 4.5", "VS Code") else {grade_id}


def _stub(text: str) -> str:
    """An answer's cell as it was released."""
    lines = text.split("\n")
    begin = next(i for i, line in enumerate(lines) if "BEGIN SOLUTION" in line)
    end = max(i for i, line in enumerate(lines) if "END SOLUTION" in line)
    indentation = lines[begin][: -len(lines[begin].lstrip())]
    return "\n".join([*lines[:begin], f"{indentation}raise NotDoneYet", *lines[end + 1 :]])
