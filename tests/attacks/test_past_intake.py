"""What was put into `submitted/` past `course collect`: nobody is graded before it is gone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from autograder.course import Course
from autograder.nbgrader.config import configure
from tests.attacks.arena import SANDBOX, Attack, Outside, outside_of, write
from tests.attacks.conftest import PAST_INTAKE, HostileClass, needs_sandbox
from tests.gradebook.samples import (
    grade_in,
    notebook_of,
    regrade_in,
    released_course,
    verify_in,
)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with nobody's work."""
    return released_course(tmp_path_factory.mktemp("past-intake") / "tiny_course")


@pytest.fixture
def outside(released: Course, tmp_path: Path) -> Iterator[Outside]:
    """What lies around it."""
    with outside_of(released, tmp_path) as made:
        yield made


@needs_sandbox
@pytest.mark.parametrize("attack", PAST_INTAKE, ids=lambda attack: attack.name)
def test_nothing_is_graded_while_it_is_there(
    released: Course,
    outside: Outside,
    attack: Attack,
    record_property: Callable[[str, Any], None],
) -> None:
    submitted = released.root / "submitted"
    submitted.mkdir()
    try:
        write(attack, outside, submitted, notebook_of(released))
        refused = []
        for attempt in (
            lambda: configure(Config(), released.root),
            lambda: grade_in(SANDBOX, released),
            lambda: regrade_in(SANDBOX, released),
            lambda: verify_in(SANDBOX, released, attack.student),
        ):
            with pytest.raises((SystemExit, ValueError)) as error:
                attempt()
            refused.append(str(error.value))
    finally:
        shutil.rmtree(submitted)
    for said in refused:
        assert re.search(attack.says, said), said
        assert "Nothing is graded while it is there" in said
        assert said.isprintable(), said
    assert outside.disturbed() == []
    record_property("count of attacks", "refused in submitted/")


def test_grading_the_hostile_again_gives_the_same(hostile_class: HostileClass) -> None:
    course = hostile_class.course
    some = ["forged-verdict", "exits-at-once", "reads-files", "lying-float", "edited-points"]
    again = regrade_in(SANDBOX, course, students=some, jobs=2)
    assert (again.moved, again.failures) == ((), ())
    for student in some[:3]:
        found = verify_in(SANDBOX, course, student)
        assert all(each.holds for each in found), student
