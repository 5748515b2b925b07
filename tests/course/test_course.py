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
        ("exercises = [1, 3]", "exercise = [1, 3]", r"assignments\] has the unknown key exercise"),
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
    assert assignment.tests_folder == tiny_course.tests / "02_streams"


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


def test_an_exercise_is_one_folder(tiny_course):
    exercise = tiny_course.exercise("norm")
    assert exercise.folder == tiny_course.tests / "01_vectors" / "norm"
    assert exercise.public_tests == exercise.folder / "public.py"
    assert exercise.hidden_tests == exercise.folder / "hidden.py"
    assert exercise.test_modules() == [exercise.public_tests, exercise.hidden_tests]
    assert exercise.test_modules(hidden=False) == [exercise.public_tests]


def test_exercises_come_in_the_order_of_the_lesson(tiny_course, replace_in):
    replace_in(
        tiny_course.assignment("01").source,
        '# %% exercise="dot"\n\n# %% exercise="norm"\n',
        '# %% exercise="norm"\n\n# %% exercise="dot"\n',
    )
    assert [e.id for e in tiny_course.exercises()] == ["norm", "dot", "running_mean"]


@pytest.fixture
def refused(tiny_course):
    """What the course says of the folders of its exercises."""

    def why():
        with pytest.raises(ValueError, match=r"\w") as caught:
            tiny_course.exercises()
        return str(caught.value)

    return why


def test_an_id_declared_in_two_folders_is_refused(tiny_course, refused):
    shutil.copytree(tiny_course.exercise("dot").folder, tiny_course.tests / "02_streams" / "dot")
    vars(tiny_course).pop("_exercises")
    assert refused() == (
        "exercise 'dot' is declared twice, in tiny_tests/01_vectors/dot/public.py and in "
        "tiny_tests/02_streams/dot/public.py: give one of them another id, and its folder the same "
        "name"
    )


def test_a_folder_that_is_not_called_as_its_exercise_is_refused(tiny_course, refused):
    folder = tiny_course.tests / "01_vectors"
    (folder / "norm").rename(folder / "length")
    assert refused() == (
        "tiny_tests/01_vectors/length/public.py declares the exercise 'norm', but its folder is "
        "called 'length': give both the same name"
    )


def test_a_public_test_file_declares_one_exercise(tiny_course, replace_in, refused):
    public = tiny_course.tests / "01_vectors" / "norm" / "public.py"
    declaration = public.read_text(encoding="utf-8")
    public.write_text("", encoding="utf-8")
    assert "01_vectors/norm/public.py declares no exercise: put @exercise on" in refused()
    other = declaration.partition("\n\n\n")[2].replace('"norm"', '"length"')
    public.write_text(declaration + "\n\n" + other.replace("TestNorm", "TestLength"), "utf-8")
    assert "norm/public.py declares norm and length: give each exercise a folder" in refused()


def test_hidden_tests_without_public_ones_are_refused(tiny_course, refused):
    (tiny_course.tests / "01_vectors" / "norm" / "public.py").unlink()
    assert "01_vectors/norm/hidden.py has no public.py beside it: declare" in refused()


def test_hidden_tests_of_another_exercise_are_refused(tiny_course, replace_in, refused):
    replace_in(tiny_course.tests / "01_vectors" / "norm" / "hidden.py", '"norm"', '"nrom"')
    assert "01_vectors/norm/hidden.py has tests of 'nrom', which belong into" in refused()


def test_hidden_tests_in_the_public_file_are_refused(tiny_course, refused):
    folder = tiny_course.tests / "01_vectors" / "norm"
    hidden = (folder / "hidden.py").read_text(encoding="utf-8")
    with (folder / "public.py").open("a", encoding="utf-8") as opened:
        opened.write(hidden)
    assert "norm/public.py: the class TestNormHidden should be marked with @exercise" in refused()


def test_a_public_and_a_hidden_test_of_one_name_are_refused(tiny_course, replace_in, refused):
    hidden = tiny_course.tests / "01_vectors" / "dot" / "hidden.py"
    replace_in(hidden, "def test_orthogonal", "def test_small_example")
    assert "'dot' has several tests named test_small_example: rename the one in" in refused()


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


def test_what_tests_share_is_each_courses_own_and_read_as_it_is_now(tiny_course, tmp_path):
    def marks(course, points):
        shared = course.tests / "shared"
        shared.mkdir(exist_ok=True)
        (shared / "__init__.py").write_text("", encoding="utf-8")
        (shared / "marks.py").write_text(f"MARKS = {points}  # {points}\n", encoding="utf-8")
        public = course.tests / "01_vectors" / "norm" / "public.py"
        text = public.read_text(encoding="utf-8").replace("@graded(30,", "@graded(MARKS,")
        line = "from tiny_tests.shared.marks import MARKS\n"
        public.write_text(text if line in text else text.replace("\n\n", f"\n\n{line}", 1), "utf-8")
        return Course.find(course.root).exercise("norm").public[0].points

    other = Course.find(shutil.copytree(tiny_course.root, tmp_path / "copy"))
    assert [marks(tiny_course, 20), marks(other, 1000), marks(tiny_course, 30000)] == [
        20,
        1000,
        30000,
    ]
