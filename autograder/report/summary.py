"""What a class's grades say: distributions, hard tests, misconceptions, what needs a look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from autograder.course import Assignment, Course
from autograder.gradebook.grading import ClassGrades, ExerciseGrade, Status, StudentGrades
from autograder.student.verdicts import Outcome, Verdict

BANDS = ("full", "partial", "none", "not started", "not graded")


@dataclass(frozen=True)
class Distribution:
    """How a class did in one exercise.

    Attributes:
        id, title: of the exercise.
        max_points: for full marks.
        counts: students by band, in the order of `BANDS`.
        mean: of the points that are known; None when none are.
    """

    id: str
    title: str
    max_points: float
    counts: dict[str, int]
    mean: float | None

    @property
    def students(self) -> int:
        """How many handed in."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class HardTest:
    """A test that answers failed.

    Attributes:
        exercise, title, hidden: which test.
        failed: students whose answer failed it.
        tried: students who had an answer.
    """

    exercise: str
    title: str
    hidden: bool
    failed: int
    tried: int

    @property
    def share(self) -> float:
        """Failed of tried, from 0 to 1."""
        return self.failed / self.tried


@dataclass(frozen=True)
class Misconception:
    """A diagnosis and who has it."""

    exercise: str
    diagnosis: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """Something about one student's work that a person should know."""

    student: str
    exercise: str
    text: str


@dataclass(frozen=True)
class WorkerNote:
    """Something that happened while answers were graded, and with whose."""

    text: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """Everything that the report says of one assignment."""

    assignment: str
    grades: ClassGrades
    handed_in: int
    complete: int
    waiting: int
    not_graded: int
    mean_total: float | None
    median_total: float | None
    distributions: tuple[Distribution, ...]
    hard_tests: tuple[HardTest, ...]
    misconceptions: tuple[Misconception, ...]
    failures: tuple[Note, ...]
    repairs: tuple[Note, ...]
    flags: tuple[Note, ...]
    worker_notes: tuple[WorkerNote, ...]
    seconds: float
    unsandboxed: int


def findings(course: Course, assignment: Assignment, grades: ClassGrades) -> Findings:
    """Look at a class's grades in one assignment."""
    lines = [line for line in grades.students if line.status is not Status.NOT_SUBMITTED]
    totals = [line.total for line in lines if line.total is not None]
    runs = [grade.run for line in lines for grade in line.exercises if grade.run]
    statuses = [line.status for line in lines]
    return Findings(
        assignment=assignment.name,
        grades=grades,
        handed_in=len(lines),
        complete=statuses.count(Status.GRADED),
        waiting=statuses.count(Status.WAITS),
        not_graded=statuses.count(Status.NOT_GRADED),
        mean_total=mean(totals) if totals else None,
        median_total=median(totals) if totals else None,
        distributions=tuple(
            _distribution(id, course.exercise(id).title, points, lines)
            for id, points in grades.exercises.items()
        ),
        hard_tests=tuple(_hard_tests(lines)),
        misconceptions=tuple(_misconceptions(lines)),
        failures=tuple(_failures(lines)),
        repairs=tuple(_notes(lines, lambda grade: grade.record.repairs if grade.record else ())),
        flags=tuple(_notes(lines, lambda grade: grade.flags)),
        worker_notes=tuple(_worker_notes(lines)),
        seconds=sum(_seconds(run) for run in runs),
        unsandboxed=sum(run.get("contained") is False for run in runs),
    )


def band(grade: ExerciseGrade) -> str:
    """Which of `BANDS` a grade is in."""
    if grade.points is None:
        return "not graded"
    if grade.points >= grade.max_points:
        return "full"
    if grade.points > 0:
        return "partial"
    return "not started" if grade.not_started else "none"


def unpassed(grade: ExerciseGrade) -> tuple[Verdict, ...]:
    """The verdicts that cost points, or gave none at all."""
    verdicts = grade.record.result.verdicts if grade.record else ()
    return tuple(v for v in verdicts if v.outcome is not Outcome.PASSED)


def _distribution(
    id: str, title: str, max_points: float, lines: list[StudentGrades]
) -> Distribution:
    grades = [grade for line in lines for grade in line.exercises if grade.id == id]
    bands = [band(grade) for grade in grades]
    known = [grade.points for grade in grades if grade.points is not None]
    counts = {name: bands.count(name) for name in BANDS}
    return Distribution(id, title, max_points, counts, mean(known) if known else None)


def _hard_tests(lines: list[StudentGrades]) -> list[HardTest]:
    """Tests that some answer failed, the hardest first. Tests not reached do not count."""
    failed: dict[tuple[str, str, bool], int] = defaultdict(int)
    tried: dict[tuple[str, str, bool], int] = defaultdict(int)
    for line in lines:
        for grade in line.exercises:
            for verdict in grade.record.result.verdicts if grade.record else ():
                if verdict.outcome in (Outcome.PASSED, Outcome.FAILED):
                    key = (grade.id, verdict.title, verdict.hidden)
                    tried[key] += 1
                    failed[key] += verdict.outcome is Outcome.FAILED
    tests = [HardTest(*key, failed[key], count) for key, count in tried.items() if failed[key]]
    return sorted(tests, key=lambda test: (-test.share, -test.failed))


def _misconceptions(lines: list[StudentGrades]) -> list[Misconception]:
    """Diagnoses, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in lines:
        for grade in line.exercises:
            for diagnosis in grade.diagnoses:
                found[grade.id, diagnosis].append(line.student)
    known = [Misconception(*key, tuple(students)) for key, students in found.items()]
    return sorted(known, key=lambda each: -len(each.students))


def _failures(lines: list[StudentGrades]) -> Iterator[Note]:
    """Who has no score by the grader's own fault, and why."""
    for line in lines:
        if line.status is not Status.NOT_GRADED:
            continue
        for problem in line.problems:
            yield Note(line.student, "", problem)
        for grade in line.exercises:
            if grade.status is Status.NOT_GRADED:
                errors = [v for v in unpassed(grade) if v.outcome is Outcome.GRADER_ERROR]
                said = [f"{v.title}: {v.message}" for v in errors] or [*grade.problems]
                yield Note(line.student, grade.id, "; ".join(said))


def _notes(
    lines: list[StudentGrades], texts: Callable[[ExerciseGrade], Iterable[str]]
) -> Iterator[Note]:
    """Texts on a student's exercises; one that is the same for several names them together."""
    for line in lines:
        about: dict[str, list[str]] = defaultdict(list)
        for grade in line.exercises:
            for text in texts(grade):
                about[text].append(grade.id)
        for text, exercises in about.items():
            yield Note(line.student, ", ".join(exercises), text)


def _worker_notes(lines: list[StudentGrades]) -> list[WorkerNote]:
    """What happened in the workers, the most frequent first."""
    students: dict[str, list[str]] = defaultdict(list)
    for note in _notes(lines, lambda grade: _run_notes(grade.run)):
        students[note.text].append(note.student)
    notes = [WorkerNote(text, tuple(who)) for text, who in students.items()]
    return sorted(notes, key=lambda note: -len(note.students))


def _run_notes(run: dict[str, Any]) -> list[str]:
    """What an assistant may want to know of how the worker fared."""
    notes = [str(note) for note in run.get("notes", ())]
    if run.get("attempts", 1) != 1:
        notes.append(f"a deadline was hit; graded {run['attempts']} times")
    return notes


def _seconds(run: dict[str, Any]) -> float:
    seconds = run.get("seconds", 0.0)
    return float(seconds) if isinstance(seconds, int | float) else 0.0
