"""A text source that does not fit its course cannot be built, and the error says why."""

import pytest

from autograder.authoring.lesson import read_lesson

DOT = '# %% exercise="dot"\n'
NORM = '# %% exercise="norm"\n'
PICTURE = '# %% name="picture-norm" needs="norm"\n'


@pytest.fixture
def problems(tiny_course, replace_in):
    """What is wrong with 01 after a change of its text source."""

    def of(old="", new="", name="01"):
        assignment = tiny_course.assignment(name)
        if old:
            replace_in(assignment.source, old, new)
        with pytest.raises(ValueError, match="cannot be built") as caught:
            read_lesson(tiny_course, assignment)
        return str(caught.value)

    return of


def test_the_tiny_course_has_no_mistake(tiny_course):
    for assignment in tiny_course.assignments():
        lesson = read_lesson(tiny_course, assignment)
        assert len(lesson.model_answers) == 1


def test_an_unknown_exercise(problems):
    assert "exercise 'det' is unknown" in problems(DOT, '# %% exercise="det"\n')


def test_a_missing_exercise(problems):
    assert "exercise 'norm' is missing" in problems(NORM, "")


def test_an_exercise_that_stands_twice(problems):
    assert "exercise 'dot' stands here 2 times" in problems(NORM, DOT + "\n" + NORM)


def test_an_exercise_of_another_assignment(problems):
    text = problems(NORM, NORM + '\n# %% exercise="running_mean"\n')
    assert "exercise 'running_mean' belongs to 02_streams" in text


def test_all_mistakes_are_listed_at_once(problems):
    text = problems(DOT, '# %% exercise="det"\n')
    assert "'det' is unknown" in text
    assert "'dot' is missing" in text


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('model_answer="orthogonal"', 'model_answer="memory"', "has no model answer"),
        ('model_answer="orthogonal"', 'model_answer="memory"', "'memory', which does not exist"),
        ('rubric="orthogonal"', 'model_answer="orthogonal"', "2 cells of kind model answer"),
    ],
)
def test_a_question_has_one_model_answer_and_one_rubric(problems, old, new, problem):
    assert problem in problems(old, new)


def test_points_of_an_assignment_add_up_to_100(problems):
    text = problems("points=20", "points=25")
    assert "exercises (80) and questions (25) add up to 105 points, not 100" in text


def test_half_of_the_automatic_points_are_public(problems, tiny_course, replace_in):
    norm = tiny_course.tests / "01_vectors" / "norm"
    replace_in(norm / "public.py", "@graded(30,", "@graded(1,")
    replace_in(norm / "hidden.py", "@graded(10,", "@graded(39,")
    assert "public tests give 26 of the 80 automatic points; at least 40 should" in problems()


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("exercises = [3, 10]", "the exercises are 2; there should be 3 to 10"),
        ("points = 90", "add up to 100 points, not 90"),
        ("public_share = 0.9", "of the 80 automatic points; at least 72 should be public"),
    ],
)
def test_an_assignment_keeps_to_the_rules_of_its_course(tiny_course, rule, problem):
    pyproject = tiny_course.root / "pyproject.toml"
    own = f"\n[tool.course.assignments.01_vectors]\n{rule}\n"
    pyproject.write_text(pyproject.read_text("utf-8") + own, encoding="utf-8")
    course = type(tiny_course).find(tiny_course.root)
    with pytest.raises(ValueError, match="cannot be built") as caught:
        read_lesson(course, course.assignment("01"))
    assert problem in str(caught.value)
    assert read_lesson(course, course.assignment("02"))


def test_the_first_code_cell_is_the_set_up(problems):
    assert "the first code cell should be the set-up" in problems('name="setup"', 'name="begin"')


def test_names_that_the_build_gives_itself_are_reserved(problems):
    assert "are reserved" in problems('name="picture-norm"', 'name="check-norm"')


def test_a_cell_calls_no_exercise_of_a_later_assignment(problems):
    text = problems(
        PICTURE, PICTURE + "from tiny_lib.streams import RunningMean\n\nRunningMean()\n"
    )
    assert "calls RunningMean, an exercise that comes later (02_streams)" in text


def test_a_cell_calls_no_later_exercise_of_its_own_notebook(problems):
    text = problems(
        DOT, '# %% needs="dot"\nfrom tiny_lib import vectors\nvectors.norm([])\n\n' + DOT
    )
    assert "calls norm by way of" not in text
    assert "calls norm, an exercise that comes later (01_vectors)" in text
    assert "needs exercise 'dot', which comes later" in text


def test_a_cell_calls_no_later_exercise_by_way_of_the_library(problems, tiny_course):
    (tiny_course.library / "pictures.py").write_text(
        "from tiny_lib.streams import RunningMean as Mean\n\n\n"
        "def draw(values):\n    return _means(values)\n\n\n"
        "def _means(values):\n    return [Mean().update(v) for v in values]\n",
        encoding="utf-8",
    )
    text = problems(PICTURE, PICTURE + "from tiny_lib import pictures\n\npictures.draw([1])\n")
    assert "calls RunningMean (by way of tiny_lib.pictures.draw), an exercise that comes" in text


def test_a_reference_calls_no_later_exercise(problems, tiny_course, replace_in):
    vectors = tiny_course.library / "vectors.py"
    replace_in(
        vectors, "    return math.fsum(products)", "    norm(x)\n    return math.fsum(products)"
    )
    assert "exercise 'dot' calls norm" in problems()


def test_code_that_calls_an_exercise_says_that_it_needs_it(problems):
    text = problems(PICTURE, '# %% name="picture-norm"\n')
    assert "'picture-norm' calls dot norm, which may not be done yet: add needs=" in text


def test_an_exercises_code_finds_its_names_in_the_set_up(problems):
    imported = "from tiny_lib.checks import require_same_length\n"
    text = problems(imported, f'\n# %% name="later"\n{imported}')
    assert "exercise 'dot' uses require_same_length, which the set-up cell should import" in text


def test_a_cell_finds_its_names_in_the_cells_above(problems):
    text = problems(PICTURE, PICTURE + "print(colour)\n")
    assert "'picture-norm' uses colour, which no cell above imports or defines" in text


def test_what_a_picture_defines_is_there_for_pictures_only(problems):
    text = problems(
        'print("#" * round(norm([3.0, 4.0])))\n',
        'length = norm([3.0, 4.0])\n\n# %% name="later"\nprint(length)\n',
    )
    assert "'later' uses length, which is only defined once an exercise is done" in text


def test_a_cell_that_is_not_python(problems):
    assert "is not Python" in problems('print("#"', 'print("#" "#"(')


def test_magics_are_no_mistake(tiny_course, replace_in):
    assignment = tiny_course.assignment("01")
    replace_in(assignment.source, "import math\n", "import math\n# %matplotlib inline\n")
    assert read_lesson(tiny_course, assignment)
