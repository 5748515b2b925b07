"""Checks an assignment's text source, so that the build may rely on it."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.answers.cells import python_of
from autograder.authoring.calls import Library, bound_names, free_names, imported_names, references
from autograder.authoring.needs import with_inherited_needs
from autograder.authoring.source import Kind, SourceCell, read_source
from autograder.course import Assignment, Course, CourseExercise
from autograder.course.declarations import PUBLIC
from autograder.course.solutions import reference_object

SETUP = "setup"
RESERVED = ("about-", "ex-", "check-", "question-", "answer-")


@dataclass(frozen=True)
class Lesson:
    """A text source without mistakes.

    Attributes:
        cells: all cells, in order.
        model_answers: model answers, by id of the question.
        rubrics: rubrics, by id of the question.
    """

    cells: tuple[SourceCell, ...]
    model_answers: dict[str, str]
    rubrics: dict[str, str]


def read_lesson(course: Course, assignment: Assignment) -> Lesson:
    """Read an assignment's text source and check it against the course.

    Raises:
        ValueError: the text source has mistakes; the message lists all of them.
    """
    cells = with_inherited_needs(read_source(assignment.source))
    problems = [
        *_problems_of_exercises(course, assignment, cells),
        *_problems_of_questions(cells),
        *_problems_of_names(cells),
    ]
    if not problems:  # the rest needs cells whose exercises are known
        problems = [
            *_problems_of_rules(course, assignment, cells),
            *_problems_of_code(course, assignment, cells),
        ]
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise ValueError(f"{assignment.source.name} cannot be built:\n{listed}")
    return Lesson(
        tuple(cells),
        {cell.id: cell.text for cell in cells if cell.kind is Kind.MODEL_ANSWER},
        {cell.id: cell.text for cell in cells if cell.kind is Kind.RUBRIC},
    )


def _problems_of_exercises(
    course: Course, assignment: Assignment, cells: list[SourceCell]
) -> Iterator[str]:
    ids = [cell.id for cell in cells if cell.kind is Kind.EXERCISE]
    declared = [exercise.id for exercise in course.exercises_of(assignment)]
    elsewhere = {e.id: e.assignment.name for e in course.exercises()}
    tests = assignment.tests_folder.relative_to(course.root).as_posix()
    for id in dict.fromkeys(ids):
        if id not in elsewhere:
            yield f"exercise {id!r} is unknown: {tests}/{id}/{PUBLIC} should declare it"
        elif id not in declared:
            yield f"exercise {id!r} belongs to {elsewhere[id]}"
        if ids.count(id) > 1:
            yield f"exercise {id!r} stands here {ids.count(id)} times"
    for id in declared:
        if id not in ids:
            yield (
                f"exercise {id!r} is missing: {tests}/{id}/{PUBLIC} declares it; add "
                f'# %% exercise="{id}"'
            )


def _problems_of_questions(cells: list[SourceCell]) -> Iterator[str]:
    kinds = (Kind.QUESTION, Kind.MODEL_ANSWER, Kind.RUBRIC)
    found = {kind: [cell.id for cell in cells if cell.kind is kind] for kind in kinds}
    for kind, ids in found.items():
        word = kind.name.lower().replace("_", " ")
        for id in dict.fromkeys(ids):
            if ids.count(id) > 1:
                yield f"question {id!r} has {ids.count(id)} cells of kind {word}"
            if id not in found[Kind.QUESTION]:
                yield f"a {word} belongs to question {id!r}, which does not exist"
        for id in found[Kind.QUESTION]:
            if id not in ids:
                yield f"question {id!r} has no {word}"


def _problems_of_names(cells: list[SourceCell]) -> Iterator[str]:
    code = [cell for cell in cells if cell.kind in (Kind.CODE, Kind.EXERCISE)]
    if not code or code[0].id != SETUP:
        yield 'the first code cell should be the set-up: # %% name="setup"'
    for cell in cells:
        if cell.kind in (Kind.PROSE, Kind.CODE):
            if cell.id.startswith(RESERVED):
                yield f"name {cell.id!r}: names that start with {', '.join(RESERVED)} are reserved"
            if cell.id and not re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", cell.id):
                yield f"name {cell.id!r} should be at most 64 letters, digits, - and _"
            if not cell.id and not re.search(r"[a-zA-Z0-9]", cell.text.strip().partition("\n")[0]):
                yield f"a cell needs words in its first line or a name: {cell.text[:20]!r}"


def _problems_of_rules(
    course: Course, assignment: Assignment, cells: list[SourceCell]
) -> Iterator[str]:
    """Give the rules of `[tool.course.assignments]` that the assignment breaks."""
    rules, exercises = course.rules[assignment.name], course.exercises_of(assignment)
    least, most = rules.exercises
    if not least <= len(exercises) <= most:
        yield f"the exercises are {len(exercises)}; there should be {least} to {most}"
    automatic = math.fsum(exercise.points for exercise in exercises)
    asked = math.fsum(cell.points for cell in cells if cell.kind is Kind.QUESTION)
    if not math.isclose(automatic + asked, rules.points):
        yield (
            f"exercises ({automatic:g}) and questions ({asked:g}) add up to "
            f"{automatic + asked:g} points, not {rules.points:g}"
        )
    public = math.fsum(test.points for exercise in exercises for test in exercise.public)
    if public < automatic * rules.public_share:
        yield (
            f"public tests give {public:g} of the {automatic:g} automatic points; "
            f"at least {automatic * rules.public_share:g} should be public"
        )


def _problems_of_code(
    course: Course, assignment: Assignment, cells: list[SourceCell]
) -> Iterator[str]:
    """Give names that no cell above defines, and calls of exercises that come later."""
    reader = _CodeReader(course, assignment)
    for cell in cells:
        if cell.kind is Kind.EXERCISE:
            yield from reader.problems_of_exercise(course.exercise(cell.id))
        elif cell.kind is Kind.CODE:
            yield from reader.problems_of_cell(cell)


class _CodeReader:
    """A reader of a notebook's code, from top to bottom, that remembers the defined names."""

    def __init__(self, course: Course, assignment: Assignment) -> None:
        self._course = course
        self._library = Library(course)
        self._exercises = {exercise.id: exercise for exercise in course.exercises()}
        self._done = {exercise.id for exercise in course.earlier(assignment)}
        self._setup: set[str] = set()  # names that the set-up cell defines
        self._known: set[str] = set()  # names that the cells so far define
        self._after_exercises: set[str] = set()  # names that pictures define
        self._meaning: dict[str, str] = {}  # what imported names and answers stand for

    def problems_of_exercise(self, exercise: CourseExercise) -> Iterator[str]:
        """Yield the problems of an exercise, and take note of what it defines.

        Graders also run the set-up, and each other answer, alone.
        """
        self._done.add(exercise.id)
        where = f"exercise {exercise.id!r}"
        try:
            source = reference_object(self._course, exercise.object).source
        except ValueError as error:
            yield str(error)
            return
        answers = {e.name for e in self._exercises.values()} & self._meaning.keys()
        for name in sorted(free_names(source) - self._setup - answers):
            yield f"{where} uses {name}, which the set-up cell should import"
        self._meaning[exercise.name] = exercise.object
        self._known.add(exercise.name)
        yield from self._problems_of_calls(where, self._reached({exercise.object}))

    def problems_of_cell(self, cell: SourceCell) -> Iterator[str]:
        """Read a cell of plain code."""
        where = f"code cell {_label(cell)}"
        try:
            tree = ast.parse(python_of(cell.text))
        except SyntaxError as error:
            yield f"{where} is not Python: {error.msg} (its line {error.lineno})"
            return
        visible = self._known | self._after_exercises if cell.needs else self._known
        for name in sorted(free_names(cell.text) - visible):
            if name in self._after_exercises:
                yield f"{where} uses {name}, which is only defined once an exercise is done"
            else:
                yield f"{where} uses {name}, which no cell above imports or defines"
        bound = bound_names(cell.text)
        (self._after_exercises if cell.needs else self._known).update(bound)
        if cell.id == SETUP:
            self._setup = bound
        self._meaning |= imported_names(tree)
        called = self._reached(references(tree, self._meaning))
        yield from self._problems_of_calls(where, called)
        yield from self._problems_of_needs(where, cell, called)

    def _reached(self, used: set[str]) -> dict[str, str]:
        """Return the ids of the exercises that code may call, each with its library path."""
        reached = self._library.reached(used)
        return {e.id: reached[e.object] for e in self._exercises.values() if e.object in reached}

    def _problems_of_calls(self, where: str, called: dict[str, str]) -> Iterator[str]:
        for id, by in called.items():
            if id not in self._done:
                exercise = self._exercises[id]
                through = "" if by == exercise.object else f" (by way of {by})"
                yield (
                    f"{where} calls {exercise.name}{through}, an exercise that comes later "
                    f"({exercise.assignment.name})"
                )

    def _problems_of_needs(
        self, where: str, cell: SourceCell, called: dict[str, str]
    ) -> Iterator[str]:
        for id in cell.needs:
            if id not in self._done:
                problem = "comes later" if id in self._exercises else "does not exist"
                yield f"{where} needs exercise {id!r}, which {problem}"
        if called and not cell.needs:
            ids = " ".join(called)
            yield f'{where} calls {ids}, which may not be done yet: add needs="{ids}"'


def _label(cell: SourceCell) -> str:
    return repr(cell.id or next(iter(cell.text.strip().splitlines()), ""))
