"""What assignments add up to: said in the course's table, and refused when it makes no sense."""

import pytest

from autograder.course.rules import Rules, read_rules

NAMES = ["01_vectors", "02_streams"]


def test_an_empty_table_says_100_points_half_of_them_public_and_3_to_10_exercises():
    rules = read_rules({}, NAMES, "pyproject.toml")
    assert rules == {name: Rules(100, 0.5, (3, 10)) for name in NAMES}


def test_an_assignment_has_rules_of_its_own():
    table = {"points": 50, "exercises": [1, 2], "02_streams": {"public_share": 0, "points": 10.5}}
    rules = read_rules(table, NAMES, "pyproject.toml")
    assert rules["01_vectors"] == Rules(50, 0.5, (1, 2))
    assert rules["02_streams"] == Rules(10.5, 0.0, (1, 2))


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ([], r"\[tool\.course\.assignments\] should be a table"),
        ({"point": 1}, "unknown key point; known are points, public_share, exercises and the"),
        ({"03_matrices": {}}, "unknown key 03_matrices; .* assignments 01_vectors, 02_streams"),
        ({"01_vectors": 3}, r"\[tool\.course\.assignments\.01_vectors\] should be a table"),
        ({"01_vectors": {"share": 1}}, r"01_vectors\] has the unknown key share; known are points"),
        ({"points": "100"}, "points should be a number more than 0"),
        ({"points": True}, "points should be a number more than 0"),
        ({"02_streams": {"points": 0}}, r"02_streams\]: points should be a number more than 0"),
        ({"public_share": 1.5}, "public_share should be a number from 0 to 1"),
        ({"exercises": 3}, "exercises should be two whole numbers"),
        ({"exercises": [3, 2]}, "exercises should be two whole numbers"),
        ({"exercises": [1, 2.5]}, "exercises should be two whole numbers"),
    ],
)
def test_a_table_with_a_mistake_is_refused_and_the_key_named(table, problem):
    with pytest.raises(ValueError, match=problem):
        read_rules(table, NAMES, "pyproject.toml")
