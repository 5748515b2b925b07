"""Tries all mutants of exercises, and makes tables of their fates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from joblib import Memory, Parallel, delayed

from autograder.course import Course, CourseExercise
from autograder.judge.inputs import common_inputs
from autograder.mutants.justified import EQUIVALENT, Justified, Key
from autograder.mutants.mutation import Mutant, diff, mutants_of
from autograder.mutants.trial import SECRET, Fate, MutantTrial, time_limit, try_answer

KILLED = {Fate.KILLED, Fate.DIED, Fate.OUT_OF_TIME}


class BrokenReference(ValueError):
    """The reference does not get full marks, so that its mutants would tell nothing."""


Attempt = Callable[..., MutantTrial]
"""Tries an answer to an exercise of a course, as `try_answer` does."""


@dataclass(frozen=True)
class Survey:
    """The mutants of one exercise, with their trials.

    Attributes:
        exercise: id of the exercise.
        assignment: name of the assignment.
        trials: each mutant with its trial, in the order of operators and places.
    """

    exercise: str
    assignment: str
    trials: tuple[tuple[Mutant, MutantTrial], ...]

    def count(self, *fates: Fate) -> int:
        """Return the number of mutants with one of these fates."""
        return sum(trial.fate in fates for _, trial in self.trials)

    def with_fate(self, fate: Fate) -> list[tuple[Mutant, MutantTrial]]:
        """Return the mutants with a fate, with their trials."""
        return [(mutant, trial) for mutant, trial in self.trials if trial.fate is fate]


@dataclass(frozen=True)
class Survivors:
    """The mutants that a person must look at.

    Attributes:
        unnoticed: mutants that survived and are not justified.
        broken_tests: mutants on which a test raised an exception, with their trials.
        outdated: justified mutants that are killed, or that do not exist any longer.
    """

    unnoticed: tuple[Mutant, ...]
    broken_tests: tuple[tuple[Mutant, MutantTrial], ...]
    outdated: tuple[Justified, ...]

    def __bool__(self) -> bool:
        return bool(self.unnoticed or self.broken_tests or self.outdated)


def survey(
    course: Course,
    exercises: Sequence[CourseExercise],
    *,
    jobs: int = 2,
    on_start: Callable[[int], None] = lambda count: None,
    on_trial: Callable[[Mutant, MutantTrial], None] = lambda mutant, trial: None,
    attempt: Attempt = try_answer,
) -> list[Survey]:
    """Try all mutants of exercises.

    Trials are kept as long as tests, reference, grader and packages do not change, so that a
    stopped survey goes on where it was.

    Args:
        course: the course.
        exercises: the exercises.
        jobs: number of processes.
        on_start: called with the number of mutants.
        on_trial: called with each mutant and its trial, in order.
        attempt: tries an answer.

    Raises:
        BrokenReference: an exercise's reference does not get full marks.
    """
    mutants = {exercise.id: mutants_of(course, exercise) for exercise in exercises}
    on_start(sum(map(len, mutants.values())))
    with Parallel(n_jobs=jobs, return_as="generator") as parallel:
        surveys = []
        for exercise in exercises:
            limit = time_limit(_reference(course, exercise, attempt))
            trial_of = _remembering(course, exercise, limit, attempt)
            trials = parallel(delayed(trial_of)(each.source) for each in mutants[exercise.id])
            tried = []
            for mutant, trial in zip(mutants[exercise.id], trials, strict=True):
                on_trial(mutant, trial)
                tried.append((mutant, trial))
            surveys.append(Survey(exercise.id, exercise.assignment.name, tuple(tried)))
    return surveys


def _remembering(
    course: Course, exercise: CourseExercise, limit: float, attempt: Attempt
) -> Callable[[str], MutantTrial]:
    """Return a function like `try_answer` that returns a kept trial of the same source."""
    memory = Memory(course.state / "mutants", verbose=0)
    keep = memory.cache(_try_answer, ignore=["attempt", "course", "exercise", "limit"])
    inputs = asdict(common_inputs(course, exercise.assignment, SECRET))
    return partial(keep, attempt, course, exercise, limit, exercise.id, inputs)


def _try_answer(
    attempt: Attempt,
    course: Course,
    exercise: CourseExercise,
    limit: float,
    id: str,
    inputs: Mapping[str, Any],
    source: str,
) -> MutantTrial:
    """Try an answer; the arguments include everything that decides the outcome, by value."""
    return attempt(course, exercise, source, limit)


def survivors_of(surveys: Sequence[Survey], justified: Mapping[Key, Justified]) -> Survivors:
    """Compare the mutants that survived with the justified mutants."""
    survivors = {m.key: m for s in surveys for m, _ in s.with_fate(Fate.SURVIVED)}
    mine = {s.exercise for s in surveys}
    return Survivors(
        unnoticed=tuple(m for key, m in survivors.items() if key not in justified),
        broken_tests=tuple(pair for s in surveys for pair in s.with_fate(Fate.BROKE_A_TEST)),
        outdated=tuple(
            j for key, j in justified.items() if key[0] in mine and key not in survivors
        ),
    )


def _reference(course: Course, exercise: CourseExercise, attempt: Attempt) -> MutantTrial:
    """Try the reference of an exercise, which must get full marks."""
    source = course.module_file(exercise.module).read_text(encoding="utf-8")
    trial = attempt(course, exercise, source)
    if trial.fate is not Fate.SURVIVED:
        raise BrokenReference(
            f"{exercise.id}: the reference itself does not get full marks: {trial.fate}. "
            f"{trial.complaint}"
        )
    return trial


# the table ----------------------------------------------------------------------------------------

COUNTS = ("mutants", "killed", "equivalent", "survived")
HEADER = """# Mutants of the reference

`python -m autograder.mutants` changes the solution of each exercise in `{library}`, one small
change at a time (cosmic-ray's operators, and those of `autograder/mutants/operators.py` for calls,
keyword arguments and statements), and grades every such mutant as an answer, by the public and
hidden tests. A mutant is **killed** when it loses marks, dies or runs out of time. One that keeps
full marks **survives**: a mistake that no test notices, unless it is **equivalent**, for a reason
given below and in the exercise's `{equivalent}`.

With `--write` it writes this page.
"""


def table(surveys: Sequence[Survey], justified: Mapping[Key, Justified]) -> list[tuple[str, ...]]:
    """Return rows of text: a header, a row for each exercise, and the totals."""
    rows: list[tuple[str, ...]] = [("assignment", "exercise", *COUNTS)]
    totals: Counter[str] = Counter()
    for found in surveys:
        survivors = [mutant for mutant, _ in found.with_fate(Fate.SURVIVED)]
        equivalent = sum(mutant.key in justified for mutant in survivors)
        killed = found.count(*KILLED)
        total = len(found.trials)
        counts = dict(
            zip(COUNTS, (total, killed, equivalent, total - killed - equivalent), strict=True)
        )
        totals.update(counts)
        rows.append((found.assignment, found.exercise, *map(str, counts.values())))
    rows.append(("all", "", *(str(totals[name]) for name in COUNTS)))
    return rows


def page(course: Course, surveys: Sequence[Survey], justified: Mapping[Key, Justified]) -> str:
    """Return the table and the reasons as Markdown."""
    head, *rows = table(surveys, justified)
    parts = [
        HEADER.format(library=course.library_name, equivalent=EQUIVALENT),
        _row(head),
        _row(["---", "---", *["---:"] * len(COUNTS)]),
        *(_row(row) for row in rows),
        "",
        "## Equivalent mutants",
        "",
    ]
    for found in surveys:
        mine = [j for j in justified.values() if j.key[0] == found.exercise]
        if not mine:
            continue
        parts += [f"### `{found.exercise}`", ""]
        for (line, reason), becomes in _grouped(mine).items():
            parts += ["```diff", diff(line, *becomes), "```", "", reason, ""]
    return "\n".join(parts).rstrip() + "\n"


def _grouped(justified: Sequence[Justified]) -> dict[tuple[str, str], list[str]]:
    """Return what a line becomes, by line and reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in justified:
        _, line, becomes = one.key
        groups.setdefault((line, one.reason), []).append(becomes)
    return groups


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
