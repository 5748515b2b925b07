"""Summarizes the grades of a class: distributions, tests, misconceptions, what to look at."""

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
BINS = 10  # bins of the distribution of points


@dataclass(frozen=True)
class Bin:
    """The students whose points lie in a range.

    Attributes:
        low: fewest points of the range.
        high: end of the range; `high` itself belongs to the range only in the last bin.
        students: ids of the students.
    """

    low: float
    high: float
    students: tuple[str, ...]


@dataclass(frozen=True)
class Distribution:
    """How a class did in one exercise.

    Attributes:
        id: id of the exercise.
        title: title of the exercise.
        max_points: points for full marks.
        counts: number of students in each band, in the order of `BANDS`.
        mean: mean of the points that are known; None when no points are known.
    """

    id: str
    title: str
    max_points: float
    counts: dict[str, int]
    mean: float | None

    @property
    def students(self) -> int:
        """Number of students who handed in."""
        return sum(self.counts.values())

    @property
    def pass_rate(self) -> float | None:
        """Share of the students with a mark who have full marks; None when nobody has a mark."""
        marked = self.students - self.counts["not graded"]
        return self.counts["full"] / marked if marked else None


@dataclass(frozen=True)
class TestStanding:
    """How a class did in one test.

    Attributes:
        exercise: id of the exercise.
        title: title of the test.
        hidden: whether the test is hidden.
        counts: number of students with each outcome.
    """

    __test__ = False  # keeps pytest from collecting this class

    exercise: str
    title: str
    hidden: bool
    counts: Mapping[Outcome, int]

    @property
    def passed(self) -> int:
        """Number of students who passed the test."""
        return self.counts.get(Outcome.PASSED, 0)

    @property
    def failed(self) -> int:
        """Number of students who failed the test."""
        return self.counts.get(Outcome.FAILED, 0)

    @property
    def tried(self) -> int:
        """Number of students whose answers were run on the test."""
        return self.passed + self.failed

    @property
    def share(self) -> float:
        """Share of the tried answers that failed, from 0 to 1; 0 when none was tried."""
        return self.failed / self.tried if self.tried else 0.0

    @property
    def remark(self) -> str:
        """What is odd about the test in this class; "" when nothing is."""
        if not self.tried:
            return "nobody got this far"
        if self.tried > 1 and not self.passed:
            return "nobody passes"
        return "everybody passes" if self.tried > 1 and not self.failed else ""


@dataclass(frozen=True)
class ClassMisconception:
    """A diagnosis, and the students whose answers match it."""

    exercise: str
    diagnosis: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """A note on the work of a student that a person should know."""

    student: str
    exercise: str
    text: str


@dataclass(frozen=True)
class WorkerNote:
    """A note on the workers, and the students whose answers it concerns."""

    text: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """Everything that the report says about one assignment.

    Attributes:
        grades: the grades of the class.
        titles: titles of the exercises, by id.
        late: seconds after the due date, by id of each student who handed in late.
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
        """The grades of the students who handed in."""
        lines = self.grades.students
        return tuple(line for line in lines if line.status is not Status.NOT_SUBMITTED)

    @property
    def statuses(self) -> Counter[Status]:
        """Number of students with each status."""
        return Counter(line.status for line in self.grades.students)

    @property
    def totals(self) -> list[float]:
        """The final totals that are known."""
        return [line.total for line in self.lines if line.total is not None]

    @property
    def mean_total(self) -> float | None:
        """Mean of the final totals; None when no total is known."""
        return mean(self.totals) if self.totals else None

    @property
    def median_total(self) -> float | None:
        """Median of the final totals; None when no total is known."""
        return median(self.totals) if self.totals else None

    @cached_property
    def bins(self) -> tuple[Bin, ...]:
        """The students by points so far, without those on whose work the grader failed."""
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
        """The distribution of each exercise."""
        return tuple(
            _distribution(id, self.titles[id], points, self.lines)
            for id, points in self.grades.exercises.items()
        )

    @cached_property
    def tests(self) -> tuple[TestStanding, ...]:
        """How the class did in each test, the hardest test first."""
        return tuple(sorted(_tests(self.lines), key=lambda test: (-test.share, -test.failed)))

    @cached_property
    def misconceptions(self) -> tuple[ClassMisconception, ...]:
        """The misconceptions of the class, the most frequent first."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for line in self.lines:
            for grade in line.exercises:
                for diagnosis in grade.diagnoses:
                    found[grade.id, diagnosis].append(line.student)
        known = [ClassMisconception(*key, tuple(students)) for key, students in found.items()]
        return tuple(sorted(known, key=lambda each: -len(each.students)))

    @cached_property
    def failures(self) -> tuple[Note, ...]:
        """A note for each score that is missing because the grader itself failed."""
        return tuple(_failures(self.lines))

    @cached_property
    def repairs(self) -> tuple[Note, ...]:
        """A note for each repair that was made to find an answer."""
        return tuple(_notes(self.lines, lambda g: g.record.repairs if g.record else ()))

    @cached_property
    def flags(self) -> tuple[Note, ...]:
        """A note for each flag, to be looked at before a mark is relied on."""
        return tuple(_notes(self.lines, lambda grade: grade.flags))

    @cached_property
    def worker_notes(self) -> tuple[WorkerNote, ...]:
        """The notes on the workers, the most frequent first."""
        students: dict[str, list[str]] = defaultdict(list)
        for note in _notes(self.lines, lambda grade: _run_notes(grade.run)):
            students[note.text].append(note.student)
        notes = [WorkerNote(text, tuple(who)) for text, who in students.items()]
        return tuple(sorted(notes, key=lambda note: -len(note.students)))

    @cached_property
    def timing(self) -> Timing:
        """The time that grading took."""
        return timing_of(self.lines)


def findings(
    course: Course,
    assignment: Assignment,
    grades: ClassGrades,
    late: Mapping[str, float] | None = None,
) -> Findings:
    """Return the findings on the grades of a class."""
    titles = {exercise.id: exercise.title for exercise in course.exercises_of(assignment)}
    return Findings(grades, titles, late or {})


def band(grade: ExerciseGrade) -> str:
    """Return the band of a grade, one of `BANDS`."""
    if grade.points is None:
        return "not graded"
    if grade.points >= grade.max_points:
        return "full"
    if grade.points > 0:
        return "partial"
    return "not started" if grade.not_started else "none"


def verdicts_of_grade(grade: ExerciseGrade) -> tuple[Verdict, ...]:
    """Return the judge's verdicts on an answer; an empty tuple when there is no record."""
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
            for verdict in verdicts_of_grade(grade):
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
                errors = [v for v in verdicts_of_grade(grade) if v.outcome is Outcome.GRADER_ERROR]
                said = [f"{v.title}: {v.message}" for v in errors] or [*grade.problems]
                yield Note(line.student, grade.id, "; ".join(said))


def _notes(
    lines: Iterable[StudentGrades], texts: Callable[[ExerciseGrade], Iterable[str]]
) -> Iterator[Note]:
    """Give the notes on each student; a text on several exercises becomes one note.

    Args:
        lines: the grades of the students.
        texts: returns the texts on an exercise.
    """
    for line in lines:
        about: dict[str, list[str]] = defaultdict(list)
        for grade in line.exercises:
            for text in texts(grade):
                about[text].append(grade.id)
        for text, exercises in about.items():
            yield Note(line.student, ", ".join(exercises), text)


def _run_notes(run: dict[str, Any]) -> list[str]:
    """Return what an assistant may want to know about a run of the worker."""
    notes = [str(note) for note in run.get("notes", ())]
    if run.get("attempts", 1) != 1:
        notes.append(f"a deadline was hit; graded {run['attempts']} times")
    return notes
