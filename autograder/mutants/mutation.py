"""Makes the mutants of an exercise: its reference with one small change in the solution."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from parso.tree import NodeOrLeaf

from autograder.course import Course, CourseExercise
from autograder.course.solutions import BEGIN, END, ReferenceObject, reference_object
from autograder.mutants.operators import OPERATORS


@dataclass(frozen=True)
class Mutant:
    """A change of a solution.

    Attributes:
        exercise: id of the exercise.
        operator: name of the operator that made the change.
        line: the changed line without indentation; several lines are joined by newlines.
        becomes: the text in place of the line.
        source: source of the whole module with the change.
    """

    exercise: str
    operator: str
    line: str
    becomes: str
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The exercise and the change, which identify a mutant wherever the line is."""
        return self.exercise, self.line, self.becomes


def mutants_of(course: Course, exercise: CourseExercise) -> list[Mutant]:
    """Return all different mutants of an exercise's solution, by operator and place.

    A mutant is left out if it is no Python, or the same program in another spelling.

    Raises:
        ValueError: two different mutants have the same key.
    """
    module = course.module_file(exercise.module).read_text(encoding="utf-8").splitlines()
    reference = reference_object(course, exercise.object)
    text = _excerpt(module, reference)
    tree, lines = get_ast(text), _solution_lines(module, reference)
    texts = {_normal(text)}
    mutants: dict[tuple[str, str, str], Mutant] = {}
    for name, operator in _operators():
        for occurrence in _occurrences(tree, operator, lines):
            mutated = mutate_code(text, operator, occurrence)
            normal = None if mutated is None else _normal(mutated)
            if mutated is None or normal is None or normal in texts:
                continue
            texts.add(normal)
            rest = [*mutated.splitlines()[reference.first_line :], *module[reference.end_line :]]
            source = "\n".join([*module[: reference.first_line], *rest, ""])
            mutant = Mutant(exercise.id, name, *_change(text, mutated), source)
            if mutant.key in mutants:
                raise ValueError(
                    f"{exercise.id}: two mutants change equal lines alike; make the lines differ:\n"
                    f"{diff(mutant.line, mutant.becomes)}"
                )
            mutants[mutant.key] = mutant
    return list(mutants.values())


def diff(line: str, *becomes: str) -> str:
    """Return a change as lines that begin with - and +.

    Args:
        line: the changed lines.
        becomes: the texts in place of the lines, one for each change.
    """
    added = [f"+ {part}" for text in becomes for part in text.splitlines()]
    return "\n".join([*(f"- {part}" for part in line.splitlines()), *added])


def _operators() -> Iterator[tuple[str, Operator]]:
    """Give names and instances of all operators, except cosmic-ray's operators with arguments."""
    for name in sorted(cosmic_ray.plugins.operator_names()):
        operator = cosmic_ray.plugins.get_operator(name)
        if not operator.arguments():
            yield name.removeprefix("core/"), operator()
    for operator in OPERATORS:
        yield operator.__name__, operator()


def _excerpt(module: Sequence[str], reference: ReferenceObject) -> str:
    """Return a module's imports and an exercise's object; all other lines are empty.

    Parsing a whole module would take long. Line numbers stay.
    """
    kept = set(range(reference.first_line, reference.end_line))
    for node in ast.parse("\n".join(module)).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            kept |= set(range(node.lineno - 1, node.end_lineno or node.lineno))
    return "\n".join(
        line if number in kept else "" for number, line in enumerate(module[: reference.end_line])
    )


def _solution_lines(module: Sequence[str], reference: ReferenceObject) -> set[int]:
    """Return the numbers, from 1, of the module's lines that are the solution."""
    numbers = [
        number
        for number in range(reference.first_line, reference.end_line)
        if module[number].strip() not in (BEGIN, END)
    ]
    return {
        numbers[line] + 1
        for region in reference.regions
        for line in range(region.first, region.end)
    }


def _occurrences(tree: NodeOrLeaf, operator: Operator, lines: set[int]) -> Iterator[int]:
    """Give cosmic-ray's numbers of the places where an operator can change some lines."""
    occurrence = 0
    for node in ast_nodes(tree):
        for (first, _), (last, _) in operator.mutation_positions(node):
            if lines.issuperset(range(first, last + 1)):
                yield occurrence
            occurrence += 1


def _normal(source: str) -> str | None:
    """Return a program's syntax tree as text, without its spelling; None when it is no Python."""
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return None


def _change(before: str, after: str) -> tuple[str, str]:
    """Return the lines that differ, without indentation, before and after a change."""
    old, new = before.splitlines(), after.splitlines()
    changes = [
        change
        for change in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if change[0] != "equal"
    ]
    first, last = changes[0], changes[-1]
    return _stripped(old[first[1] : last[2]]), _stripped(new[first[3] : last[4]])


def _stripped(lines: list[str]) -> str:
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())
