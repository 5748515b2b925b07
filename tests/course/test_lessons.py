"""The course itself: its exercises, its marks, its notebooks' imports."""

from __future__ import annotations

import ast
from pathlib import Path

import jupytext
import pytest

from autograder.authoring.lesson import read_lesson
from autograder.course import Assignment, Course, CourseExercise

COURSE = Course.find(Path(__file__))
MOST_POINTS_FOR_STYLE = 0.2

assignments = pytest.mark.parametrize("assignment", COURSE.assignments(), ids=lambda a: a.name)
exercises = pytest.mark.parametrize("exercise", COURSE.exercises(), ids=lambda e: e.id)


@exercises
def test_an_exercise_has_hidden_tests(exercise: CourseExercise) -> None:
    assert exercise.hidden


@exercises
def test_what_is_claimed_by_the_worker_is_worth_little(exercise: CourseExercise) -> None:
    words = ("loop", "vectoris", "at once", "memory", "operations")
    style = [t for t in (*exercise.public, *exercise.hidden) if any(w in t.title for w in words)]
    assert sum(test.points for test in style) <= MOST_POINTS_FOR_STYLE * exercise.points


@exercises
def test_an_exercise_is_described_to_students(exercise: CourseExercise) -> None:
    assert len(exercise.hints) >= 2
    assert 5 <= exercise.minutes <= 45
    assert exercise.title[0].isupper()
    assert not exercise.title.endswith(".")


@exercises
def test_an_id_is_the_objects_own_name_and_a_class_has_a_plain_word(
    exercise: CourseExercise,
) -> None:
    if exercise.name[0].islower():
        assert exercise.id == exercise.name
    else:
        assert exercise.id.islower()


@assignments
def test_a_notebook_imports_only_the_library_the_data_scripts_and_what_a_release_carries(
    assignment: Assignment,
) -> None:
    notebook = jupytext.read(assignment.source)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            for module in _imported(node):
                top = module.partition(".")[0]
                assert top != COURSE.tests_name
                if top == "autograder":
                    assert module == "autograder.student", module
                assert top not in {"tests", "benchmarks", "examples"}, module


@assignments
def test_an_assignment_keeps_its_rules_and_has_written_questions(assignment: Assignment) -> None:
    lesson = read_lesson(COURSE, assignment)
    assert lesson.model_answers
    assert lesson.model_answers.keys() == lesson.rubrics.keys()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []
