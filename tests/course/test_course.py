"""A course is found and read from its own table and files."""

import shutil

import pytest

from autograder.course import Course


def test_a_course_is_found_from_any_folder_below_it(tiny_course):
    assert Course.find(tiny_course.library) == tiny_course
    assert tiny_course.library == tiny_course.root / "tiny_lib"
    assert tiny_course.state == tiny_course.root / ".course"


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
def test_a_table_with_a_mistake_is_refused(tiny_course, replace_in, old, new, problem):
    replace_in(tiny_course.root / "pyproject.toml", old, new)
    with pytest.raises(ValueError, match=problem):
        Course.find(tiny_course.root)


def test_assignments_come_in_the_order_of_their_numbers(tiny_course):
    assert [a.name for a in tiny_course.assignments()] == ["01_vectors", "02_streams"]


def test_a_unique_prefix_names_an_assignment(tiny_course):
    assignment = tiny_course.assignment("02")
    assert assignment.number == "02"
    assert assignment.ipynb == tiny_course.notebooks / "02_streams" / "02_streams.ipynb"
    assert assignment.hidden_tests == tiny_course.tests / "test_02_streams_hidden.py"


@pytest.mark.parametrize(("prefix", "problem"), [("0", "several"), ("07", "no"), ("", "several")])
def test_another_prefix_is_answered_with_what_there_is(tiny_course, prefix, problem):
    with pytest.raises(ValueError, match=rf"{problem} assignment.*01_vectors, 02_streams"):
        tiny_course.assignment(prefix)


def test_exercises_come_in_course_order_with_their_tests(tiny_course):
    dot, norm, mean = tiny_course.exercises()
    assert [dot.id, norm.id, mean.id] == ["dot", "norm", "running_mean"]
    assert [test.title for test in dot.public] == ["a small example", "the empty vector"]
    assert [test.title for test in dot.hidden] == ["orthogonal vectors"]
    assert mean.assignment == tiny_course.assignment("02")
    assert tiny_course.earlier(mean.assignment) == [dot, norm]


def test_points_of_an_exercise_are_those_of_its_tests(tiny_course):
    for exercise in tiny_course.exercises():
        assert exercise.points == sum(test.points for test in exercise.public + exercise.hidden)


def test_an_unknown_exercise_is_answered_with_what_there_is(tiny_course):
    with pytest.raises(ValueError, match="no exercise 'det'; there are: dot, norm, running_mean"):
        tiny_course.exercise("det")


def test_an_id_declared_twice_is_refused(tiny_course, replace_in):
    replace_in(tiny_course.tests / "test_02_streams.py", '"running_mean",', '"dot",')
    (tiny_course.tests / "test_02_streams_hidden.py").unlink()
    with pytest.raises(ValueError, match="'dot' is declared twice"):
        tiny_course.exercises()


def test_hidden_tests_of_no_exercise_are_refused(tiny_course, replace_in):
    replace_in(tiny_course.tests / "test_01_vectors_hidden.py", '"norm"', '"nrom"')
    with pytest.raises(ValueError, match="nrom"):
        tiny_course.exercises()


def test_a_public_and_a_hidden_test_of_one_name_are_refused(tiny_course, replace_in):
    hidden = tiny_course.tests / "test_01_vectors_hidden.py"
    replace_in(hidden, "def test_orthogonal", "def test_small_example")
    with pytest.raises(ValueError, match="'dot' has several tests named test_small_example"):
        tiny_course.exercises()


def test_modules_of_the_library_are_found(tiny_course):
    assert tiny_course.module_file("tiny_lib.vectors") == tiny_course.library / "vectors.py"
    assert tiny_course.module_file("tiny_lib") == tiny_course.library / "__init__.py"
    with pytest.raises(ValueError, match="not a module of tiny_lib"):
        tiny_course.module_file("os.path")


def test_exercises_of_another_courses_assignment_are_an_error_not_none(tiny_course, tmp_path):
    shutil.copytree(tiny_course.root, tmp_path / "copy")
    other = Course.find(tmp_path / "copy")
    with pytest.raises(ValueError, match=r"01_vectors\.ipynb is not of the course in"):
        tiny_course.exercises_of(other.assignment("01"))
