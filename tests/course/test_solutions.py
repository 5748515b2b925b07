"""The solution of an exercise is told from what is given, by rule or by markers."""

import ast
from textwrap import dedent

import pytest

from autograder.course.solutions import reference_object


@pytest.fixture
def solution_of(tiny_course):
    """Reads the object `answer` of a module with the given source."""

    def read(source):
        (tiny_course.library / "made.py").write_text(dedent(source), encoding="utf-8")
        return reference_object(tiny_course, "tiny_lib.made.answer")

    return read


def test_signature_docstring_and_argument_checks_are_given(tiny_course):
    reference = reference_object(tiny_course, "tiny_lib.vectors.dot")
    given = reference.given("raise NotDoneYet")
    assert given.endswith('be finite")\n    raise NotDoneYet')
    assert "require_same_length(x, y)" in given
    assert "products" not in given
    assert reference.solutions()[0].startswith("    products =")


def test_the_marked_form_is_the_reference_with_two_marker_lines(tiny_course):
    reference = reference_object(tiny_course, "tiny_lib.vectors.norm")
    lines = reference.marked().splitlines()
    assert lines[2] == "    ### BEGIN SOLUTION"
    assert lines[-1] == "    ### END SOLUTION"
    assert [line for line in lines if "SOLUTION" not in line] == list(reference.lines)


def test_comments_before_the_first_statement_of_the_solution_belong_to_it(solution_of):
    reference = solution_of(
        '''
        def answer(x):
            """Twice x."""
            require_number(x)  # given

            # The trick is to double.
            return 2 * x
            # That was all.
        '''
    )
    assert "trick" not in reference.given("raise NotDoneYet")
    assert "That was all" not in reference.given("raise NotDoneYet")
    assert "# given" in reference.given("raise NotDoneYet")


def test_without_a_docstring_comments_under_the_signature_belong_to_the_solution(solution_of):
    reference = solution_of(
        """
        def answer(
            x,
        ):
            # The trick is to double.
            return 2 * x
        """
    )
    assert reference.given("raise NotDoneYet") == "def answer(\n    x,\n):\n    raise NotDoneYet"


def test_a_check_in_the_middle_is_part_of_the_solution(solution_of):
    reference = solution_of(
        """
        def answer(x):
            import math
            if x < 0:
                raise ValueError(x)
            root = math.sqrt(x)
            if root > 10:
                raise ValueError(root)
            return root
        """
    )
    assert reference.given("...").count("raise ValueError") == 1


def test_an_if_that_does_more_than_raise_is_part_of_the_solution(solution_of):
    reference = solution_of("def answer(x):\n    if x is None:\n        x = 1\n    return x\n")
    assert "None" not in reference.given("...")


def test_decorators_are_given(solution_of):
    reference = solution_of("import functools\n\n\n@functools.cache\ndef answer():\n    return 1\n")
    assert reference.given("...") == "@functools.cache\ndef answer():\n    ..."


def test_markers_replace_the_rule(solution_of):
    reference = solution_of(
        """
        def answer(x):
            y = 2 * x
            ### BEGIN SOLUTION
            z = y + 1
            ### END SOLUTION
            return z
        """
    )
    assert reference.given("raise NotDoneYet") == (
        "def answer(x):\n    y = 2 * x\n    raise NotDoneYet\n    return z"
    )


def test_a_class_has_marked_solutions(tiny_course):
    reference = reference_object(tiny_course, "tiny_lib.streams.RunningMean")
    given = reference.given("raise NotDoneYet")
    assert "self.mean = 0.0" in given
    assert "self.count += 1" not in given
    ast.parse(given)


def test_marked_methods_leave_nothing_behind(solution_of):
    reference = solution_of(
        '''
        class Answer:
            """Other name."""


        class answer:
            """Something."""

            def __len__(self):
                ### BEGIN SOLUTION
                return self._size()
                ### END SOLUTION

            ### BEGIN SOLUTION
            def _size(self):
                return 3

            ### END SOLUTION
        '''
    )
    given = reference.given("raise NotDoneYet")
    assert given.endswith("def __len__(self):\n        raise NotDoneYet")
    assert "_size" not in given


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def answer(x): return x", "line of its own"),
        ("def answer(x):\n    require(x); return x", "line of its own"),
        ('def answer(x):\n    """Nothing."""\n', "nothing is left to solve"),
        ("class answer:\n    def f(self):\n        return 1", "mark the solution of a class"),
        ("def other(x):\n    return x", "no function or class 'answer'"),
        ("def answer(x):\n    ### BEGIN SOLUTION\n    return x", "without '### END SOLUTION'"),
        ("def answer(x):\n    ### END SOLUTION\n    return x", "markers do not pair"),
        ("def answer(x):\n    #BEGIN SOLUTION\n    return x", "markers do not pair"),
        (
            "def answer(x):\n    ### BEGIN SOLUTION\n    ### END SOLUTION\n    return x",
            "nothing stands between",
        ),
    ],
)
def test_an_object_whose_solution_cannot_be_told_is_an_error(solution_of, source, problem):
    if problem == "line of its own":
        source = source.replace("require(", "require_number(")
    with pytest.raises(ValueError, match=problem):
        solution_of(source)
