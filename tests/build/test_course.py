"""A course is found and read from its own table and files."""

import shutil
from pathlib import Path

import pytest

from autograder.course import Course

TINY = Path(__file__).parents[1] / "fixtures" / "tiny_course"


@pytest.fixture
def course(tmp_path):
    """A copy of the tiny course, free to be changed."""
    root = tmp_path / "tiny_course"
    shutil.copytree(TINY, root, ignore=shutil.ignore_patterns("__pycache__", ".course"))
    return Course.find(root)


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_course_is_found_from_any_folder_below_it(course):
    assert Course.find(course.library) == course
    assert course.library == course.root / "tiny_lib"
    assert course.state == course.root / ".course"


def test_outside_a_course_the_error_says_what_is_missing(tmp_path):
    with pytest.raises(ValueError, match=r"in no course.*\[tool\.course\]"):
        Course.find(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('title = "Tiny"', "", "lacks title"),
        ('title = "Tiny"', "title = 3", "title should be a string"),
        ('runtime = ["numpy"]', 'runtime = "numpy"', "runtime should be a list"),
        ('title = "Tiny"', 'title = "Tiny"\ntiltle = "T"', "unknown key tiltle"),
    ],
)
def test_a_table_with_a_mistake_is_refused(course, old, new, problem):
    edit(course.root / "pyproject.toml", old, new)
    with pytest.raises(ValueError, match=problem):
        Course.find(course.root)


def test_assignments_come_in_the_order_of_their_numbers(course):
    assert [a.name for a in course.assignments()] == ["01_vectors", "02_streams"]


def test_a_unique_prefix_names_an_assignment(course):
    assignment = course.assignment("02")
    assert assignment.number == "02"
    assert assignment.ipynb == course.notebooks / "02_streams" / "02_streams.ipynb"
    assert assignment.hidden_tests == course.tests / "test_02_streams_hidden.py"


@pytest.mark.parametrize(("prefix", "problem"), [("0", "several"), ("07", "no"), ("", "several")])
def test_another_prefix_is_answered_with_what_there_is(course, prefix, problem):
    with pytest.raises(ValueError, match=rf"{problem} assignment.*01_vectors, 02_streams"):
        course.assignment(prefix)


def test_exercises_come_in_course_order_with_their_tests(course):
    dot, norm, mean = course.exercises()
    assert [dot.id, norm.id, mean.id] == ["dot", "norm", "running_mean"]
    assert [test.title for test in dot.public] == ["a small example", "the empty vector"]
    assert [test.title for test in dot.hidden] == ["orthogonal vectors"]
    assert mean.assignment == course.assignment("02")
    assert course.earlier(mean.assignment) == [dot, norm]


def test_points_of_an_exercise_are_those_of_its_tests(course):
    for exercise in course.exercises():
        assert exercise.points == sum(test.points for test in exercise.public + exercise.hidden)


def test_an_unknown_exercise_is_answered_with_what_there_is(course):
    with pytest.raises(ValueError, match="no exercise 'det'; there are: dot, norm, running_mean"):
        course.exercise("det")


def test_an_id_declared_twice_is_refused(course):
    edit(course.tests / "test_02_streams.py", '"running_mean",', '"dot",')
    (course.tests / "test_02_streams_hidden.py").unlink()
    with pytest.raises(ValueError, match="'dot' is declared twice"):
        course.exercises()


def test_hidden_tests_of_no_exercise_are_refused(course):
    edit(course.tests / "test_01_vectors_hidden.py", '"norm"', '"nrom"')
    with pytest.raises(ValueError, match="nrom"):
        course.exercises()


def test_modules_of_the_library_are_found(course):
    assert course.module_file("tiny_lib.vectors") == course.library / "vectors.py"
    assert course.module_file("tiny_lib") == course.library / "__init__.py"
    with pytest.raises(ValueError, match="not a module of tiny_lib"):
        course.module_file("os.path")
