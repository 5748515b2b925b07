"""A hostile file beside the notebook: its exercise keeps its other points, nobody else loses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.judge.sandbox import sandbox_problem
from autograder.judge.secret import VARIABLE
from autograder.nbgrader.feedback import write_feedback
from autograder.submissions.collect import collect
from tests.attacks.arena import FIRST, LAST, SANDBOX, Attack, outside_of, write_class
from tests.attacks.conftest import BESIDE, HostileClass, needs_sandbox
from tests.gradebook.samples import (
    ARTIFACT_NAME,
    SECRET,
    grade_in,
    regrade_in,
    released_course,
    vectors,
    verify_in,
)

CONTENT = b"the length"
RAN = "setAttribute('data-ran'"

pytestmark = needs_sandbox


@pytest.fixture(scope="module")
def asked_for_a_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileClass]:
    """A class of which `norm` asks for a file, graded."""
    if problem := sandbox_problem():
        pytest.skip(problem)
    folder = tmp_path_factory.mktemp("beside")
    course = released_course(folder / "tiny_course", artifact=CONTENT)
    (folder / "secret-of-the-tests").write_bytes(SECRET)
    for name in ("outside", "handed-in"):
        (folder / name).mkdir()
    with pytest.MonkeyPatch.context() as patch, outside_of(course, folder / "outside") as outside:
        patch.setenv(VARIABLE, str(folder / "secret-of-the-tests"))
        beside = {ARTIFACT_NAME: CONTENT}
        write_class(course, outside, BESIDE, folder / "handed-in", SANDBOX, beside)
        intake = collect(course, folder / "handed-in", vectors(course))
        grades = grade_in(SANDBOX, course, jobs=2)
        lines = {line.student: line for line in grades.students}
        yield HostileClass(course, intake, outside, lines, outside.disturbed())


@pytest.mark.parametrize("attack", BESIDE, ids=lambda attack: attack.name)
def test_a_hostile_file_earns_nothing_and_is_named(
    asked_for_a_file: HostileClass, attack: Attack, record_property: Callable[[str, Any], None]
) -> None:
    dot, norm = asked_for_a_file.of(attack).exercises
    assert (dot.points, norm.points) == (40, 30)
    assert norm.record is not None
    [taken] = [t for t in asked_for_a_file.intake.taken if t.student == attack.student]
    said = "\n".join([*taken.problems, *(v.message for v in norm.record.result.verdicts)])
    assert re.search(attack.says, said), said
    record_property("count of attacks", "its file is refused, or earns nothing")


def test_the_honest_keep_their_points_and_nothing_outside_is_touched(
    asked_for_a_file: HostileClass,
) -> None:
    for student in (FIRST, LAST):
        points = [grade.points for grade in asked_for_a_file.lines[student].exercises]
        assert points == [40, 40]
    assert asked_for_a_file.disturbed == []


def test_no_file_is_taken_in_but_regular_ones(asked_for_a_file: HostileClass) -> None:
    arrived = (asked_for_a_file.course.root / "submitted").rglob(ARTIFACT_NAME)
    assert {path.parent.parent.name for path in arrived} == {
        FIRST, LAST, "file-of-another-kind", "file-full-of-escapes"
    }  # fmt: skip


def test_what_a_file_holds_runs_on_no_page(asked_for_a_file: HostileClass, tmp_path: Path) -> None:
    course, student = asked_for_a_file.course, "file-full-of-escapes"
    written = write_feedback(course, vectors(course), students=[student])
    page = written.pages[student].read_text(encoding="utf-8")
    assert RAN in page.replace("&#39;", "'").replace("&#x27;", "'")
    assert f"<script>document.documentElement.{RAN}" not in page.replace("&#39;", "'")
    assert "\x1b" not in page


def test_grading_a_hostile_class_again_moves_nobody(asked_for_a_file: HostileClass) -> None:
    course = asked_for_a_file.course
    again = regrade_in(SANDBOX, course, jobs=2)
    assert (again.moved, again.failures) == ((), ())
    assert len(again.to_json()["unchanged"]) == len(BESIDE) + 2
    for student in ("file-that-is-a-link", "file-of-another-kind"):
        found = verify_in(SANDBOX, course, student)
        assert all(each.holds for each in found)
