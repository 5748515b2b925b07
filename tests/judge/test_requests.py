"""The tests of exercises ask what they asked before: nobody's drawn inputs change unnoticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.course import Course
from tests.judge.requests import KEPT, asked_of

COURSE = Course.find(Path(__file__))
KNOWN = json.loads(KEPT.read_text(encoding="utf-8"))
ANEW = "if that is on purpose, run `python -m tests.judge.requests`"


@pytest.mark.parametrize("exercise", COURSE.exercises(), ids=lambda exercise: exercise.id)
def test_an_exercises_tests_ask_what_they_asked(exercise) -> None:
    asked = asked_of(COURSE, exercise)
    known = KNOWN[exercise.id]
    assert asked.keys() == known.keys(), ANEW
    changed = [
        test
        for test, (digest, size) in known.items()
        if asked[test].digest != digest or asked[test].size != pytest.approx(size, rel=1e-3)
    ]
    assert not changed, f"{', '.join(changed)} ask something else than before; {ANEW}"


def test_only_exercises_that_exist_are_recorded() -> None:
    assert KNOWN.keys() == {exercise.id for exercise in COURSE.exercises()}, ANEW
