"""What a class's grades say: distributions, tests, misconceptions, what needs a look."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import mean, median
from typing import Any

from autograder.course import Assignment, Course
from autograder.gradebook.standing import ClassGrades, ExerciseGrade, Status, StudentGrades
from autograder.report.timing import Timing, timing_of
from autograder.testing.verdicts import Outcome, Verdict

BANDS = ("full", "partial", "none", "not started", "not graded")
BINS = 10  # of the distribution of points


@dataclass(frozen=True)
class Bin:
    """Students whose points lie in a range.

    Attributes:
        low, high: points; `high` itself belongs to the last bin only.
        students: who.
    """

    low: float
    high: float
    students: tuple[str, ...]


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

    @property
    def pass_rate(self) -> float | None:
        """Share of those with a mark who have full marks; None when nobody has one."""
        marked = self.students - self.counts["not graded"]
        return self.counts["full"] / marked if marked else None


@dataclass(frozen=True)
class TestStanding:
    """How a class did in one test.

    Attributes:
        exercise, title, hidden: which test.
        counts: students by outcome.
    """

    __test__ = False  # no test itself

    exercise: str
    title: str
    hidden: bool
    counts: Mapping[Outcome, int]

    @property
    def passed(self) -> int:
        """Students who passed it."""
        return self.counts.get(Outcome.PASSED, 0)

    @property
    def failed(self) -> int:
        """Students who failed it."""
        return self.counts.get(Outcome.FAILED, 0)

    @property
    def tried(self) -> int:
        """Students whose answer got as far as this test."""
        return self.passed + self.failed

    @property
    def share(self) -> float:
        """Failed of tried, from 0 to 1; 0 when nobody tried."""
        return self.failed / self.tried if self.tried else 0.0

    @property
    def remark(self) -> str:
        """What is odd about it as a test of this class, or ""."""
        if not self.tried:
            return "nobody got this far"
        if self.tried > 1 and not self.passed:
            return "nobody passes"
        return "everybody passes" if self.tried > 1 and not self.failed else ""


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
    """Everything that the report says of one assignment.

    Attributes:
        grades: where the class stands.
        titles: of the exercises, by id.
        late: seconds after the due date, of those who handed in late.
    """

    grades: ClassGrades
    titles: Mapping[str, str]
    late: Mapping[str, float] = field(default_factory=dict)

    @property
    def assignment(self) -> str:
        """Name of the assignment."""
        return self.grades.assignment

    @cached_property
    def lines(self) -> tuple[StudentGrades, ...]:
        """Those who handed in."""
        lines = self.grades.students
        return tuple(line for line in lines if line.status is not Status.NOT_SUBMITTED)

    @property
    def statuses(self) -> Counter[Status]:
        """How many students there are of each status."""
        return Counter(line.status for line in self.grades.students)

    @property
    def totals(self) -> list[float]:
        """The final totals that there are."""
        return [line.total for line in self.lines if line.total is not None]

    @property
    def mean_total(self) -> float | None:
        """Mean of the final totals."""
        return mean(self.totals) if self.totals else None

    @property
    def median_total(self) -> float | None:
        """Median of the final totals."""
        return median(self.totals) if self.totals else None

    @cached_property
    def bins(self) -> tuple[Bin, ...]:
        """Points so far of those to whom nothing is missing by the grader's fault."""
        top = self.grades.max_points
        known = [line for line in self.lines if line.status is not Status.NOT_GRADED]
        places: dict[int, list[str]] = defaultdict(list)
        for line in known:
            share = (line.so_far or 0.0) / top if top else 0.0
            places[min(int(share * BINS), BINS - 1)].append(line.student)
        width = top / BINS
        return tuple(
            Bin(place * width, (place + 1) * width, tuple(places[place])) for place in range(BINS)
        )

    @cached_property
    def distributions(self) -> tuple[Distribution, ...]:
        """How each exercise went."""
        return tuple(
            _distribution(id, self.titles[id], points, self.lines)
            for id, points in self.grades.exercises.items()
        )

    @cached_property
    def tests(self) -> tuple[TestStanding, ...]:
        """Every test, the hardest first."""
        return tuple(sorted(_tests(self.lines), key=lambda test: (-test.share, -test.failed)))

    @cached_property
    def misconceptions(self) -> tuple[Misconception, ...]:
        """Diagnoses, the most frequent first."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for line in self.lines:
            for grade in line.exercises:
                for diagnosis in grade.diagnoses:
                    found[grade.id, diagnosis].append(line.student)
        known = [Misconception(*key, tuple(students)) for key, students in found.items()]
        return tuple(sorted(known, key=lambda each: -len(each.students)))

    @cached_property
    def failures(self) -> tuple[Note, ...]:
        """Who has no score by the grader's own fault, and why."""
        return tuple(_failures(self.lines))

    @cached_property
    def repairs(self) -> tuple[Note, ...]:
        """What was mended to find answers."""
        return tuple(_notes(self.lines, lambda g: g.record.repairs if g.record else ()))

    @cached_property
    def flags(self) -> tuple[Note, ...]:
        """What to look at before relying on a mark."""
        return tuple(_notes(self.lines, lambda grade: grade.flags))

    @cached_property
    def worker_notes(self) -> tuple[WorkerNote, ...]:
        """What happened in the workers, the most frequent first."""
        students: dict[str, list[str]] = defaultdict(list)
        for note in _notes(self.lines, lambda grade: _run_notes(grade.run)):
            students[note.text].append(note.student)
        notes = [WorkerNote(text, tuple(who)) for text, who in students.items()]
        return tuple(sorted(notes, key=lambda note: -len(note.students)))

    @cached_property
    def timing(self) -> Timing:
        """What grading took."""
        return timing_of(self.lines)


def findings(
    course: Course,
    assignment: Assignment,
    grades: ClassGrades,
    late: Mapping[str, float] | None = None,
) -> Findings:
    """Look at a class's grades in one assignment."""
    titles = {exercise.id: exercise.title for exercise in course.exercises_of(assignment)}
    return Findings(grades, titles, late or {})


def band(grade: ExerciseGrade) -> str:
    """Which of `BANDS` a grade is in."""
    if grade.points is None:
        return "not graded"
    if grade.points >= grade.max_points:
        return "full"
    if grade.points > 0:
        return "partial"
    return "not started" if grade.not_started else "none"


def verdicts_of(grade: ExerciseGrade) -> tuple[Verdict, ...]:
    """The judge's verdicts, or none."""
    return grade.record.result.verdicts if grade.record else ()


def _distribution(
    id: str, title: str, max_points: float, lines: Iterable[StudentGrades]
) -> Distribution:
    grades = [grade for line in lines for grade in line.exercises if grade.id == id]
    bands = [band(grade) for grade in grades]
    known = [grade.points for grade in grades if grade.points is not None]
    counts = {name: bands.count(name) for name in BANDS}
    return Distribution(id, title, max_points, counts, mean(known) if known else None)


def _tests(lines: Iterable[StudentGrades]) -> Iterator[TestStanding]:
    found: dict[tuple[str, str, bool], Counter[Outcome]] = defaultdict(Counter)
    for line in lines:
        for grade in line.exercises:
            for verdict in verdicts_of(grade):
                found[grade.id, verdict.title, verdict.hidden][verdict.outcome] += 1
    for key, counts in found.items():
        yield TestStanding(*key, dict(counts))


def _failures(lines: Iterable[StudentGrades]) -> Iterator[Note]:
    for line in lines:
        if line.status is not Status.NOT_GRADED:
            continue
        for problem in line.problems:
            yield Note(line.student, "", problem)
        for grade in line.exercises:
            if grade.status is Status.NOT_GRADED:
                errors = [v for v in verdicts_of(grade) if v.outcome is Outcome.GRADER_ERROR]
                said = [f"{v.title}: {v.message}" for v in errors] or [*grade.problems]
                yield Note(line.student, grade.id, "; ".join(said))


def _notes(
    lines: Iterable[StudentGrades], texts: Callable[[ExerciseGrade], Iterable[str]]
) -> Iterator[Note]:
    """Texts on a student's exercises; one that is the same for several names them together."""
    for line in lines:
        about: dict[str, list[str]] = defaultdict(list)
        for grade in line.exercises:
            for text in texts(grade):
                about[text].append(grade.id)
        for text, exercises in about.items():
            yield Note(line.student, ", ".join(exercises), text)


def _run_notes(run: dict[str, Any]) -> list[str]:
    """What an assistant may want to know of how the worker fared."""
    notes = [str(note) for note in run.get("notes", ())]
    if run.get("attempts", 1) != 1:
        notes.append(f"a deadline was hit; graded {run['attempts']} times")
    return notes
