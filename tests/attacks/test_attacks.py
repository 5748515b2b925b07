"""Nothing that a hostile submission does changes a mark, or anything outside its sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.course import Course
from autograder.demo.plan import read_plan
from autograder.demo.sample_class import read_class, write_submissions
from autograder.gradebook.standing import ExerciseGrade, Status
from autograder.judge.forks import FIRST_UID
from autograder.judge.sandbox import Unsandboxed
from autograder.testing.verdicts import Outcome
from tests.attacks.arena import (
    CHECKOUT,
    ESCAPED,
    FIRST,
    LAST,
    Attack,
    corpus,
    outside_of,
    write_class,
)
from tests.attacks.conftest import ATTACKS, HostileClass, needs_sandbox
from tests.conftest import TINY_COURSE

CATALOGUE = [f"A{number}" for number in range(1, 24)]
ATTACKED = {"autograder": CHECKOUT, "tiny_tests": TINY_COURSE}  # packages, and where they lie
GRADED = [attack for attack in ATTACKS if not attack.refused]
REFUSED = [attack for attack in ATTACKS if attack.refused]


def name(attack: Attack) -> str:
    return attack.name


def said_of(grade: ExerciseGrade) -> str:
    """All that verdicts and repairs say, as graders read it."""
    assert grade.record is not None
    verdicts = "\n".join(f"{v.cause}: {v.message}" for v in grade.record.result.verdicts)
    return "\n".join([verdicts, *grade.record.repairs])


def outcome_of(grade: ExerciseGrade) -> str:
    """What an attack ended in, for the count."""
    assert grade.record is not None
    verdicts = grade.record.result.verdicts
    causes = {verdict.cause for verdict in verdicts}
    if grade.points:
        return "kept the points of what it answered right"
    if "KeptOut" in causes:
        return "kept out"
    for cause, words in (
        ("DeadlineExceeded", "out of time"),
        ("WorkerDied", "its process died"),
        ("UnreadableValue", "no plain data"),
    ):
        if cause in causes:
            return words
    if {verdict.outcome for verdict in verdicts} <= {Outcome.NOT_STARTED, Outcome.NOT_CHECKED}:
        return "no answer found"
    return "a wrong answer"


def test_the_corpus_has_every_attack_of_the_catalogue_and_as_many_again() -> None:
    attacks = corpus()
    assert {attack.number for attack in attacks if attack.number} == set(CATALOGUE)
    assert len([attack for attack in attacks if not attack.number]) >= 20
    for attack in attacks:
        if attack.kind == "answer":
            assert attack.code.startswith("inside_the_sandbox()\n"), attack.name


def test_attacks_that_import_from_the_checkout_name_modules_that_exist() -> None:
    """A module that has moved is missing inside the sandbox and outside: no wall is tried."""
    dotted = re.compile(rf'"((?:{"|".join(ATTACKED)})(?:\.\w+)+)"')
    named = {match for attack in corpus() for match in dotted.findall(attack.code)}
    assert len(named) > 3
    for module in named:
        place = ATTACKED[module.partition(".")[0]].joinpath(*module.split("."))
        assert place.is_dir() or place.with_suffix(".py").is_file(), module


def test_without_a_sandbox_nothing_hostile_is_written(tiny_course: Course, tmp_path: Path) -> None:
    (tmp_path / "handed-in").mkdir()
    with (
        outside_of(tiny_course, tmp_path) as outside,
        pytest.raises(RuntimeError, match="only written for a sandboxed judge"),
    ):
        write_class(tiny_course, outside, ATTACKS, tmp_path / "handed-in", Unsandboxed())
    assert not list((tmp_path / "handed-in").iterdir())


def test_hostile_students_are_left_out_without_a_sandbox(tmp_path: Path) -> None:
    course = Course.find(CHECKOUT)
    students = read_class(read_plan(course).class_file)
    hostile = {student.id for student in students if student.hostile}
    assignment = course.assignment("02")
    write_submissions(course, assignment, assignment.ipynb, tmp_path, students, contained=False)
    assert hostile
    assert {path.name for path in tmp_path.iterdir()} == {s.id for s in students} - hostile


@needs_sandbox
@pytest.mark.parametrize("attack", GRADED, ids=name)
def test_an_attack_earns_nothing_and_is_named(
    hostile_class: HostileClass, attack: Attack, record_property: Callable[[str, Any], None]
) -> None:
    line = hostile_class.of(attack)
    attacked, other = line.exercises
    said = said_of(attacked)
    assert line.status is not Status.NOT_GRADED, line.problems
    assert ESCAPED not in said + said_of(other)
    assert hostile_class.outside.token not in said
    if attack.earns_at_most is None:
        assert attacked.points == attack.earns, said
    else:
        assert attacked.points is not None
        assert attacked.points <= attack.earns_at_most
    if attack.kind != "bytes":  # a file that holds no other exercise
        assert other.points == other.max_points, said_of(other)
    assert re.search(attack.says, said), said
    record_property("count of attacks", outcome_of(attacked))


@needs_sandbox
@pytest.mark.parametrize("attack", REFUSED, ids=name)
def test_what_no_submission_can_be_stays_outside_and_is_named(
    hostile_class: HostileClass, attack: Attack, record_property: Callable[[str, Any], None]
) -> None:
    assert attack.student not in hostile_class.lines
    assert not (hostile_class.course.root / "submitted" / attack.student).exists()
    reasons = [f"{name}: {why}" for name, why in hostile_class.intake.refused]
    assert [why for why in reasons if attack.student in why and re.search(attack.says, why)], (
        reasons
    )
    record_property("count of attacks", "refused at intake")


def test_the_rest_of_the_class_is_graded(hostile_class: HostileClass) -> None:
    for student in (FIRST, LAST):
        line = hostile_class.lines[student]
        assert [grade.points for grade in line.exercises] == [40.0, 40.0]
    assert len(hostile_class.lines) == len(GRADED) + 2


def test_nothing_outside_is_changed_or_reached(hostile_class: HostileClass) -> None:
    assert hostile_class.disturbed == []


def test_no_process_of_theirs_is_left(hostile_class: HostileClass) -> None:
    def uid(process: psutil.Process) -> int:
        with suppress(psutil.NoSuchProcess):
            return int(process.uids().real)
        return 0

    left = psutil.Process().children(recursive=True)
    assert not [process for process in left if uid(process) >= FIRST_UID]
