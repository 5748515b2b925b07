"""Right and wrong answers of an exercise: how they are read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import Course, CourseExercise
from autograder.course.variants import find_variant, variant_files

RIGHT = '''"""Adds the products up in a loop.

Slowly.
"""

import math


def dot(x, y):
    total = 0.0
    for first, second in zip(x, y):
        total += first * second
    return total
'''
ENTRY = """\
[sums]
what = "Adds instead of multiplying."
diagnosis = "adds instead of multiplying"
of = "loop"
change = [["first * second", "first + second"]]
"""
WHOLE = """\
[nothing]
what = "Says 0."
diagnosis = "should be 32"
file = true
"""

Write = Callable[[str], CourseExercise]


@pytest.fixture
def write(tiny_course: Course) -> Write:
    """Write the `wrong.toml` of `dot`, beside a right answer `loop`; gives the exercise."""
    exercise = tiny_course.exercise("dot")
    (exercise.folder / "right").mkdir(parents=True)
    (exercise.folder / "right" / "loop.py").write_text(RIGHT, encoding="utf-8")

    def written(table: str) -> CourseExercise:
        (exercise.folder / "wrong.toml").write_text(table, encoding="utf-8")
        return exercise

    return written


def whole_file(exercise: CourseExercise, name: str, source: str) -> Path:
    path = exercise.folder / "wrong" / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path


# what is read -------------------------------------------------------------------------------------


def test_an_exercise_without_variants_has_none(tiny_course: Course) -> None:
    exercise = tiny_course.exercise("norm")
    assert exercise.right_answers() == exercise.wrong_answers() == variant_files(exercise) == ()


def test_a_right_answer_is_a_file_that_begins_with_what_it_does(write: Write) -> None:
    (answer,) = write("").right_answers()
    assert (answer.name, answer.what) == ("loop", "Adds the products up in a loop.")
    assert answer.source == RIGHT
    assert answer.file.name == "loop.py"


def test_a_wrong_answer_is_its_base_with_the_changes_and_without_the_docstring(
    write: Write,
) -> None:
    exercise = write("# a note\n\n" + ENTRY)
    (answer,) = exercise.wrong_answers()
    assert answer.source == RIGHT.partition('"""\n\n')[2].replace("first * s", "first + s")
    assert answer.what == "Adds instead of multiplying."
    assert answer.diagnosis == "adds instead of multiplying"
    assert (answer.base, answer.file, answer.line) == ("loop", exercise.folder / "wrong.toml", 3)
    assert "-        total += first * second\n+        total += first + second" in answer.diff


def test_changes_are_made_one_after_another(write: Write) -> None:
    table = ENTRY.replace(
        "[[", '[["total = 0.0", "total = first = second = 1.0"], ["total +=", "total -="], ['
    )
    (answer,) = write(table).wrong_answers()
    assert "total -= first + second" in answer.source


def test_the_reference_comes_with_the_imports_that_it_needs(write: Write) -> None:
    table = ENTRY.replace("loop", "reference").replace("zip", "map")
    (answer,) = write(table).wrong_answers()
    assert "import math\n" in answer.source
    assert "from tiny_lib.vectors import EMPTY_SUM\n" in answer.source
    assert "first + second for first, second in zip" in answer.source


def test_an_answer_may_be_a_change_of_a_wrong_one(write: Write) -> None:
    table = ENTRY + ENTRY.replace("[sums]", "[counts]").replace("loop", "sums").replace(
        '"first * second", "first + second"', '"first + second", "1"'
    )
    counts, sums = write(table).wrong_answers()
    assert counts.base_source == sums.source
    assert "total += 1\n" in counts.source


def test_a_wrong_answer_may_be_a_whole_file(write: Write) -> None:
    exercise = write(WHOLE)
    whole_file(exercise, "nothing", "def dot(x, y):\n    return 0.0\n")
    (answer,) = exercise.wrong_answers()
    assert answer.source == "def dot(x, y):\n    return 0.0\n"
    assert (answer.base, answer.diff, answer.line) == ("", "", 1)


def test_answers_are_found_by_name_and_so_is_the_reference(write: Write) -> None:
    exercise = write(ENTRY)
    assert find_variant(exercise, "loop") == exercise.right_answers()[0]
    assert find_variant(exercise, "sums") == exercise.wrong_answers()[0]
    assert "math.fsum" in find_variant(exercise, "reference").source
    with pytest.raises(ValueError, match=r"dot has no variant 'sum'. There are: reference, loop"):
        find_variant(exercise, "sum")


def test_what_changes_on_disk_is_read_again(write: Write) -> None:
    exercise = write(ENTRY)
    assert exercise.wrong_answers() is exercise.wrong_answers()
    write(ENTRY.replace("first + second", "first - second"))
    assert "first - second" in exercise.wrong_answers()[0].source


def test_all_of_the_folder_but_its_tests_is_variants(write: Write) -> None:
    exercise = write(WHOLE)
    whole_file(exercise, "nothing", "def dot(x, y):\n    return 0.0\n")
    for name in ("public.py", "hidden.py", "weights.bin"):
        (exercise.folder / name).touch()
    names = [path.relative_to(exercise.folder).as_posix() for path in variant_files(exercise)]
    assert names == ["right/loop.py", "weights.bin", "wrong/nothing.py", "wrong.toml"]


# what is refused ----------------------------------------------------------------------------------

CIRCLE = ENTRY.replace("loop", "counts") + ENTRY.replace("[sums]", "[counts]").replace(
    "loop", "sums"
)
REFUSED = {
    "an unknown key": (
        ENTRY + 'wat = "x"\n',
        "line 1, sums: nobody knows the key wat. The keys are what, diagnosis, of, change, file.",
    ),
    "a missing key": (
        ENTRY.replace("diagnosis =", "# diagnosis ="),
        "line 1, sums: diagnosis is missing. Say it.",
    ),
    "neither a change nor a file": (
        ENTRY.partition("of =")[0],
        "line 1, sums: of is missing. Say it.",
    ),
    "an empty sentence": (
        ENTRY.replace('"Adds instead of multiplying."', '""'),
        "line 1, sums: what should be a text.",
    ),
    "a change that is no pair": (
        ENTRY.replace(', "first + second"', ""),
        "line 1, sums: change should be a list of pairs",
    ),
    "a file that is not true": (
        WHOLE.replace("true", "false"),
        "line 1, nothing: file should be true.",
    ),
    "both a change and a file": (
        ENTRY + "file = true\n",
        "line 1, sums: it is both a file and a change. Give file = true, or of and change.",
    ),
    "a text that does not occur": (
        WHOLE.replace("nothing", "loopy") + ENTRY.replace("first * second", "third"),
        "line 5, sums: the text to change does not occur in 'loop': 'third'. Quote what "
        "`course variant dot loop` shows",
    ),
    "a text that occurs twice": (
        ENTRY.replace("first * second", "first"),
        "line 1, sums: the text to change occurs 2 times in 'loop': 'first'. Quote what",
    ),
    "a base that does not exist": (
        ENTRY.replace("loop", "loops"),
        "line 1, sums: of = 'loops' names no answer. Give one of reference, loop, or another",
    ),
    "a circle": (CIRCLE, "the answer is a change of itself: counts of sums of counts. Let one"),
    "an expansion that is no Python": (
        ENTRY.replace("first + second", "first +"),
        "line 1, sums: with its changes the answer is no Python: invalid syntax, in its line 7, "
        "'total += first +'. Correct it.",
    ),
    "an expansion that is its base": (
        ENTRY.replace("first + second", "first * second"),
        "line 1, sums: the changes change nothing. Let new differ from old.",
    ),
    "no TOML": (ENTRY + "what\n", "wrong.toml is no TOML: Expected '=' after a key"),
    "a key outside of a table": ('what = "x"\n', "line 1, what: it stands in no table. Begin"),
    "a right answer's name": (ENTRY.replace("[sums]", "[loop]"), "line 1, loop: the name is no"),
    "the reference's name": (ENTRY.replace("[sums]", "[reference]"), "the name is no word"),
    "a file that is not there": (
        WHOLE,
        "line 1, nothing: there is no file wrong/nothing.py. Write it, or give of and change.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_with_a_mistake_is_refused_with_its_place(write: Write, case: str) -> None:
    table, complaint = REFUSED[case]
    exercise = write(table)
    if "loopy" in table:
        whole_file(exercise, "loopy", "def dot(x, y):\n    return 0.0\n")
    with pytest.raises(ValueError) as error:
        exercise.wrong_answers()
    assert complaint in str(error.value)
    assert str(exercise.folder / "wrong.toml") in str(error.value)


def test_a_file_that_no_table_lists_is_refused(write: Write) -> None:
    exercise = write(ENTRY)
    path = whole_file(exercise, "nothing", "def dot(x, y):\n    return 0.0\n")
    with pytest.raises(ValueError) as error:
        exercise.wrong_answers()
    assert str(error.value) == (
        f"{path}, line 1: wrong.toml does not list the wrong answer nothing. Give it a table with "
        "what, diagnosis and file = true."
    )


def test_a_change_that_is_a_file_as_well_is_refused(write: Write) -> None:
    exercise = write(ENTRY)
    whole_file(exercise, "sums", "def dot(x, y):\n    return 0.0\n")
    with pytest.raises(ValueError, match="sums: the answer is a change, and there is a file"):
        exercise.wrong_answers()


def test_a_right_answer_that_is_no_python_is_refused(write: Write) -> None:
    exercise = write(ENTRY)
    (exercise.folder / "right" / "loop.py").write_text("def dot(x, y)\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"loop.py, line 1: the right answer is no Python: .*Corr"):
        exercise.right_answers()


def test_a_right_answer_is_not_named_as_the_reference_is(write: Write) -> None:
    exercise = write(ENTRY)
    (exercise.folder / "right" / "loop.py").rename(exercise.folder / "right" / "reference.py")
    with pytest.raises(ValueError, match=r"'reference' means the library's own answer.* Rename"):
        exercise.right_answers()
