"""Grades a class, and reads from the gradebook where it stands."""

from __future__ import annotations

import itertools
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import nbformat
from nbgrader.api import Grade, Gradebook, MissingEntry, Student
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.course import Assignment, Course
from autograder.gradebook import done
from autograder.gradebook.config import grade_with_the_judge
from autograder.gradebook.database import back_up, close_grades, one_engine, open_gradebook
from autograder.gradebook.graft import grade_id_of
from autograder.gradebook.intake import check_submitted
from autograder.gradebook.interrupts import unbroken
from autograder.gradebook.judging import Judged, judge_students
from autograder.judge import records
from autograder.judge.grading import Judge
from autograder.judge.sandbox import Sandbox
from autograder.judge.workers import WorkerSource
from autograder.releasing.student_form import released_notebook
from autograder.testing.verdicts import Outcome

GRADED_SINCE = "graded again since a person gave the points, which stand"
WIDE = 110  # columns; on a narrower terminal the table has no room for sentences
NAMED = 7  # exercises whose names have room in the table's head
LONG_NAME = 8  # characters; longer names are broken in the table's head
Progress = Callable[[str, int, int], None]


class Status(StrEnum):
    """Where a grade, or a student's whole assignment, stands."""

    GRADED = "graded"
    WAITS = "waits for a reader"  # a written answer that a person has to read
    NOT_GRADED = "not graded"  # by the grader's own fault: a person must look
    NOT_SUBMITTED = "nothing submitted"


@dataclass(frozen=True)
class ExerciseGrade:
    """What a student has for one exercise or one written question.

    Attributes:
        id: of the exercise or question.
        points: that count, given by a person or by the judge; None when there are none yet.
        max_points: at most.
        status: graded, waits for a reader (questions only) or not graded.
        by_hand: whether a person gave the points.
        record: the judge's, when there is one and it can be read.
        run: how grading went; see `autograder.judge.records`.
        flags: what an assistant should know, such as verdicts that differed.
        problems: a record that cannot be read.
    """

    id: str
    points: float | None
    max_points: float
    status: Status
    by_hand: bool = False
    record: records.Record | None = None
    run: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """The misconceptions that the answer matches."""
        return () if self.record is None else self.record.result.diagnoses

    @property
    def not_started(self) -> bool:
        """Whether the judge found no answer."""
        outcomes = {v.outcome for v in self.record.result.verdicts} if self.record else set()
        missing = {Outcome.NOT_STARTED, Outcome.NOT_CHECKED}
        return Outcome.NOT_STARTED in outcomes and outcomes <= missing


@dataclass(frozen=True)
class StudentGrades:
    """A student's line in the gradebook of one assignment.

    Attributes:
        student: id.
        first_name, last_name, email: as in the roster, or "".
        exercises: by id, in the course's order; empty when nothing was submitted.
        questions: written questions by id, in the notebook's order; likewise.
        penalty: points taken off for lateness.
        problems: why something is not graded, in nbgrader's words.
    """

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    exercises: tuple[ExerciseGrade, ...] = ()
    questions: tuple[ExerciseGrade, ...] = ()
    penalty: float = 0.0
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """First and last name, or the id when there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.student

    @property
    def grades(self) -> tuple[ExerciseGrade, ...]:
        """Exercises and questions."""
        return (*self.exercises, *self.questions)

    def grade(self, id: str) -> ExerciseGrade | None:
        """The grade of an exercise or question; None when there is none."""
        return next((grade for grade in self.grades if grade.id == id), None)

    @property
    def status(self) -> Status:
        """The worst of its grades."""
        found = {grade.status for grade in self.grades}
        for status in (Status.NOT_GRADED, Status.WAITS, Status.GRADED):
            if status in found:
                return status
        return Status.NOT_GRADED if self.problems else Status.NOT_SUBMITTED

    @property
    def so_far(self) -> float | None:
        """Sum of the points that are known, lateness taken off; None when nothing is known."""
        known = [grade.points for grade in self.grades if grade.points is not None]
        return max(round(sum(known) - self.penalty, 6), 0.0) if known else None

    @property
    def pending(self) -> float:
        """Points that wait for a reader."""
        return sum(grade.max_points for grade in self.grades if grade.status is Status.WAITS)

    @property
    def total(self) -> float | None:
        """The final points; None as long as anything is missing."""
        return self.so_far if self.status is Status.GRADED else None

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was mended in the submission, each once."""
        kept = (grade.record.repairs for grade in self.exercises if grade.record)
        return tuple(dict.fromkeys(repair for repairs in kept for repair in repairs))

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """The misconceptions of all exercises, each once."""
        return tuple(dict.fromkeys(d for grade in self.exercises for d in grade.diagnoses))


@dataclass(frozen=True)
class ClassGrades:
    """The gradebook of one assignment.

    Attributes:
        assignment: its name.
        exercises: id and points of each exercise, in the course's order.
        questions: id and points of each written question, in the notebook's order.
        students: a line each, by id.
    """

    assignment: str
    exercises: dict[str, float]
    questions: dict[str, float]
    students: tuple[StudentGrades, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is left ungraded by the grader's own fault."""
        return all(line.status is not Status.NOT_GRADED for line in self.students)

    @property
    def max_points(self) -> float:
        """Points of the whole assignment."""
        return sum(self.exercises.values()) + sum(self.questions.values())


def grade_class(
    course: Course,
    assignment: Assignment,
    *,
    sandbox: Sandbox,
    students: Iterable[str] | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    again: bool = True,
    workers: WorkerSource | None = None,
    scheduler: str | None = None,
) -> ClassGrades:
    """Grade the submissions of an assignment and say where the class stands.

    Submissions are judged by several processes; this one alone writes what they found, one
    submission at a time, after a copy of the gradebook was taken. A submission that cannot be
    graded never keeps the others from it. A run that was stopped goes on where it was.

    Args:
        sandbox: where submitted code runs.
        students: ids of those to grade; default all who handed in.
        progress: told the student, how many are done, and of how many.
        jobs: processes that judge; 1 for this one.
        again: whether to grade anew what is graded already, with the same tests.
        workers: of that sandbox, when some are on the way already; they are ended.
        scheduler: address of a Dask cluster that judges in the place of this machine.

    Raises:
        ValueError: the assignment was not released, its points have changed since, a student did
            not hand in, `submitted/` holds something that must not be there, the gradebook cannot
            be written, or the cluster cannot be used.
    """
    require_gradable(course, assignment)
    chosen = chosen_students(course, assignment, students)
    back_up(course)
    with Judge(course, sandbox) as judge, one_engine():
        if workers is not None:
            judge.take_workers_from(workers)
        state = done.state_of(course, assignment, judge)
        waiting = chosen if again else _not_done(course, assignment, chosen, state)
        already = len(chosen) - len(waiting)
        judging = judge_students(judge, assignment, waiting, jobs=jobs, scheduler=scheduler)
        with closing(judging) as judged:
            for count, (student, found) in enumerate(judged, start=already + 1):
                with unbroken():
                    done.mark_undone(course, assignment, student)
                    if autograde(course, assignment, student, found):
                        done.mark_done(course, assignment, student, state)
                if progress is not None:
                    progress(student, count, len(chosen))
    return class_grades(course, assignment)


def class_grades(
    course: Course, assignment: Assignment, *, students: Iterable[str] | None = None
) -> ClassGrades:
    """Where the class stands, from the gradebook and the judge's records; nothing is graded.

    Args:
        students: ids of those to look at; default all in the roster and all who handed in.

    Raises:
        ValueError: the assignment was not released.
    """
    handed_in = set(_handed_in(course, assignment))
    with open_gradebook(course) as gradebook:
        require_released(gradebook, assignment)
        notebook = gradebook.find_notebook(assignment.name, assignment.name)
        max_points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        ids = [exercise.id for exercise in course.exercises_of(assignment)]
        exercises = {id: max_points[f"check-{id}"] for id in ids if f"check-{id}" in max_points}
        questions = {
            name.removeprefix("answer-"): max_points[name]
            for name in _in_order(course, assignment, max_points)
            if name.startswith("answer-")
        }
        known = {student.id: student for student in gradebook.students}
        place = _Place(course, gradebook, assignment, list(exercises), list(questions))
        lines = [
            _line(place, id, known.get(id), id in handed_in)
            for id in sorted(known.keys() | handed_in if students is None else students)
        ]
    return ClassGrades(assignment.name, exercises, questions, tuple(lines))


def print_table(grades: ClassGrades, console: Console) -> None:
    """Print the gradebook: points by exercise, what waits, the total, what was misunderstood.

    On a narrow terminal, what was misunderstood stands under the table. Where there are many
    exercises, their columns have numbers, and what these stand for is said under the table, too.
    """
    is_wide = console.width >= WIDE
    title = f"{grades.assignment} ({grades.max_points:g} points)"
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("student")
    heads = _heads(list(grades.exercises))
    for name, points in zip(heads, grades.exercises.values(), strict=True):
        table.add_column(f"{name}\n/{points:g}", justify="right")
    table.add_column(f"written\n/{sum(grades.questions.values()):g}", justify="right")
    table.add_column("total", justify="right")
    if is_wide:
        table.add_column("what was misunderstood", overflow="fold")
    for line in grades.students:
        points_of = (_shown(line.grade(id)) for id in grades.exercises)
        row = [line.student, *points_of, _written(line), _total(line)]
        row += ["; ".join(_noted(line))] if is_wide else []
        table.add_row(*map(Text, row))  # as it stands: nothing in it is markup
    console.print(table)
    if len(heads) > NAMED:
        named = zip(heads, grades.exercises, strict=True)
        console.print(", ".join(map(" ".join, named)), markup=False, highlight=False)
    for line in grades.students:
        below = [] if is_wide else _noted(line)
        for said in (*below, *line.problems, *line.repairs):
            console.print(f"{line.student}: {said}", markup=False, highlight=False)


def _heads(ids: list[str]) -> list[str]:
    """What stands above the columns of exercises: their names, or numbers where there are many."""
    if len(ids) > NAMED:
        return [str(number) for number in range(1, len(ids) + 1)]
    return [id.replace("_", "_\n") if len(id) > LONG_NAME else id for id in ids]


# grading ------------------------------------------------------------------------------------------


def nbgrader_for(
    course: Course, assignment: Assignment, student: str, config: Config | None = None
) -> CourseDirectory:
    """nbgrader's view of the course, narrowed to one submission."""
    config = Config() if config is None else config
    grade_with_the_judge(config, course)
    return CourseDirectory(
        config=config, assignment_id=assignment.name, student_id=student, notebook_id="*"
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep nbgrader's log, which is captured, and its warnings off the terminal."""
    logger = logging.getLogger("traitlets")
    before = logger.propagate, list(logger.handlers)
    logger.propagate, logger.handlers = False, [logging.NullHandler()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own queries, harmless
            yield
    finally:
        logger.propagate, logger.handlers = before


def reason_of(outcome: dict[str, str]) -> str:
    """Why a step of nbgrader failed, out of what `capture_log` kept of it."""
    said = outcome.get("log", "").replace("\n    ", "\n")  # tornado indents what follows
    lines = [line for line in said.splitlines() if line.strip()]
    after_stack = [
        line
        for before, line in itertools.pairwise(lines)
        if before.startswith(" ") and not line.startswith((" ", "["))
    ]
    errors = [line.removeprefix("[ERROR] ") for line in lines if line.startswith("[ERROR]")]
    return (after_stack or errors or ["nbgrader gave no reason"])[-1].strip()


def autograde(course: Course, assignment: Assignment, student: str, found: Judged) -> bool:
    """Enter what was found in a submission; why that failed is kept with its records."""
    with open_gradebook(course) as gradebook:
        close_grades(gradebook, assignment.name, assignment.name, student)
    config = Config()
    config.JudgeExercises.judge = found
    coursedir = nbgrader_for(course, assignment, student, config)
    converter = Autograde(coursedir=coursedir, config=config)
    converter.force = True
    with quiet():
        outcome = capture_log(converter)
    if not outcome["success"]:
        records.note_failure(course, student, assignment.name, reason_of(outcome))
    return bool(outcome["success"])


def _not_done(course: Course, assignment: Assignment, students: list[str], state: str) -> list[str]:
    with open_gradebook(course) as gradebook:
        return [s for s in students if not done.is_done(course, gradebook, assignment, s, state)]


def require_gradable(course: Course, assignment: Assignment) -> None:
    """Refuse what `grade_class` refuses, before anything is judged."""
    check_submitted(course)
    with open_gradebook(course) as gradebook:
        require_released(gradebook, assignment)
        _require_points(course, gradebook, assignment)


def _require_points(course: Course, gradebook: Gradebook, assignment: Assignment) -> None:
    """Refuse to grade with tests that are worth something else than what was released."""
    notebook = gradebook.find_notebook(assignment.name, assignment.name)
    released = {cell.name: cell.max_score for cell in notebook.grade_cells}
    for exercise in course.exercises_of(assignment):
        before = released.get(f"check-{exercise.id}", exercise.points)
        if exercise.points != before:
            raise ValueError(
                f"{exercise.id} was released for {before:g} points, but its tests add up to "
                f"{exercise.points:g}: give the tests their points back, or run "
                f"`course notebooks` and `course release {assignment.number} --replace`"
            )


def require_released(gradebook: Gradebook, assignment: Assignment) -> None:
    """Refuse an assignment that the gradebook does not know."""
    try:
        gradebook.find_notebook(assignment.name, assignment.name)
    except MissingEntry:
        raise ValueError(
            f"{assignment.name} is not in the gradebook: run `course release {assignment.number}`"
        ) from None


def _handed_in(course: Course, assignment: Assignment) -> list[str]:
    """Students with a submission; not what `collect` left behind when it was interrupted."""
    folders = (course.root / "submitted").glob(f"*/{assignment.name}")
    return sorted(f.parent.name for f in folders if not f.parent.name.startswith("."))


def chosen_students(
    course: Course, assignment: Assignment, students: Iterable[str] | None
) -> list[str]:
    """Who handed in, of all or of some; those some must have."""
    everybody = _handed_in(course, assignment)
    if students is None:
        return everybody
    wanted = sorted(set(students))
    if missing := [student for student in wanted if student not in everybody]:
        raise ValueError(
            f"{', '.join(missing)} handed in no {assignment.name}: there is no folder "
            f"submitted/{missing[0]}/{assignment.name}"
        )
    return wanted


# reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """Where lines are read from, and the ids of what they are made of, in order."""

    course: Course
    gradebook: Gradebook
    assignment: Assignment
    exercises: list[str]
    questions: list[str]


def _in_order(course: Course, assignment: Assignment, cells: Iterable[str]) -> list[str]:
    """Names of grade cells as they stand in the released notebook; the gradebook has no order."""
    try:
        notebook = nbformat.read(released_notebook(course, assignment), as_version=4)
    except FileNotFoundError:
        return sorted(cells)
    places = {grade_id_of(cell): place for place, cell in enumerate(notebook.cells)}
    return sorted(cells, key=lambda name: (places.get(name, len(places)), name))


def _line(place: _Place, id: str, student: Student | None, handed_in: bool) -> StudentGrades:
    assignment = place.assignment.name
    failure = records.failure(place.course, id, assignment) if handed_in else ""
    line = StudentGrades(
        id,
        (student and student.first_name) or "",
        (student and student.last_name) or "",
        (student and student.email) or "",
        problems=(failure,) if failure else (),
    )
    try:
        submitted = place.gradebook.find_submission_notebook(assignment, assignment, id)
    except MissingEntry:
        never = (failure or "handed in, but never graded",)
        return replace(line, problems=never) if handed_in else line
    grades = {grade.name: grade for grade in submitted.grades}
    return replace(
        line,
        exercises=tuple(
            _exercise_grade(place, id, exercise, grades[f"check-{exercise}"])
            for exercise in place.exercises
            if f"check-{exercise}" in grades
        ),
        questions=tuple(
            _grade(question, grades[f"answer-{question}"], Status.WAITS)
            for question in place.questions
            if f"answer-{question}" in grades
        ),
        penalty=submitted.late_submission_penalty or 0.0,
    )


def _grade(id: str, grade: Grade, when_missing: Status) -> ExerciseGrade:
    """What counts: a person's points before the judge's, and any extra credit."""
    points = grade.auto_score if grade.manual_score is None else grade.manual_score
    if points is not None and grade.extra_credit is not None:
        points += grade.extra_credit
    status = when_missing if points is None else Status.GRADED
    return ExerciseGrade(id, points, grade.max_score, status, grade.manual_score is not None)


def _exercise_grade(place: _Place, student: str, exercise: str, grade: Grade) -> ExerciseGrade:
    found = _grade(exercise, grade, Status.NOT_GRADED)
    folder = records.record_folder(place.course, student, place.assignment.name, exercise)
    try:
        record = records.load(folder / records.VERDICT)
    except FileNotFoundError:
        return found
    except (OSError, ValueError) as error:
        return replace(found, problems=(str(error),))
    if (grade.auto_score is None) != (record.points is None):
        return found  # the record is of an earlier run
    run = records.load_run(folder / records.RUN)
    flags = list(map(str, run.get("flags", ())))
    if found.by_hand and grade.needs_manual_grade:
        flags.append(GRADED_SINCE)
    return replace(found, record=record, run=run, flags=tuple(flags))


# printing -----------------------------------------------------------------------------------------


def _noted(line: StudentGrades) -> list[str]:
    """What a student misunderstood, and what an assistant should know."""
    noted = [*line.diagnoses, *(flag for grade in line.exercises for flag in grade.flags)]
    if line.exercises and all(grade.not_started for grade in line.exercises):
        noted.append("nothing answered yet")
    return list(dict.fromkeys(noted))


def _shown(grade: ExerciseGrade | None) -> str:
    if grade is None:
        return ""
    if grade.points is None:
        return str(grade.status)
    return f"{grade.points:g}{'*' if grade.by_hand else ''}"


def _written(line: StudentGrades) -> str:
    known = [grade.points for grade in line.questions if grade.points is not None]
    parts = [f"{sum(known):g}"] if known else []
    return " + ".join([*parts, *([f"{line.pending:g} pending"] if line.pending else [])])


def _total(line: StudentGrades) -> str:
    if line.total is not None:
        return f"{line.total:g}"
    if line.status is Status.WAITS:
        return f"{line.so_far or 0:g} so far"
    return str(line.status)
