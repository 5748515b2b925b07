"""Regrading: who changes, by how much and why; held, and applied as it was held."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from autograder.cli import app
from autograder.course import Course
from autograder.gradebook.database import open_gradebook
from autograder.gradebook.standing import class_grades
from autograder.judge.grading import GradedExercise
from autograder.judge.sandbox import sandbox_problem
from autograder.judge.trail import trail_file
from autograder.judging.bench import InThisProcess
from autograder.regrading.held import held_file
from autograder.regrading.regrade import Regrade, apply_held, kept_record, regrade
from autograder.regrading.verifying import Verified, verify_grade
from autograder.report.terminal.changes import print_regrade, print_verified
from autograder.testing.verdicts import Outcome
from tests.gradebook.samples import (
    ADDS,
    DOT,
    NORM,
    ChosenJudge,
    full_marks,
    grade_with,
    graded,
    hand_in,
    notebook_of,
    vectors,
    verdict,
)

Replace = Callable[[Path, str, str], None]


def less() -> dict[str, GradedExercise]:
    """A public test lost, with its diagnosis."""
    lost = verdict("small", 0.0, 25.0, message="21, not 32", diagnosis="adds")
    return full_marks() | {"dot": graded("dot", lost, verdict("h", 15.0, 15.0, hidden=True))}


def failed() -> dict[str, GradedExercise]:
    """The grader itself failed on an exercise."""
    error = verdict("small", None, 25.0, outcome=Outcome.GRADER_ERROR)
    return full_marks() | {"dot": graded("dot", error, verdict("h", 15.0, 15.0, hidden=True))}


@dataclass
class Class:
    """Two students who handed in, and a judge that finds in everybody's work what a test says."""

    course: Course
    finds: Callable[[], dict[str, GradedExercise]] = full_marks
    asked: list[str] = field(default_factory=list)

    def find(self, notebook: nbformat.NotebookNode) -> dict[str, GradedExercise]:
        self.asked.append("")
        return self.finds()

    @property
    def judge(self) -> ChosenJudge:
        return ChosenJudge(self.course, self.find)

    def grade(self, **options: Any) -> None:
        grade_with(self.judge, self.course, **options)

    def regrade(self) -> Regrade:
        return regrade(self.course, vectors(self.course), bench=InThisProcess(self.judge))

    def apply(self, **options: Any) -> Regrade:
        return apply_held(self.course, vectors(self.course), judge=self.judge, **options)

    def verify(self, student: str) -> list[Verified]:
        return verify_grade(self.course, vectors(self.course), student, judge=self.judge)

    def change_tests(self) -> None:
        path = self.course.exercise("dot").public_tests
        path.write_text(path.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")

    def scores(self, student: str) -> dict[str, tuple[Any, Any, bool]]:
        """The judge's points, a person's, and whether a person must look."""
        with open_gradebook(self.course) as gradebook:
            found = gradebook.find_submission_notebook("01_vectors", "01_vectors", student)
            return {
                grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                for grade in found.grades
            }

    def give(self, student: str, cell: str, points: float) -> None:
        """As a person does in the formgrader."""
        with open_gradebook(self.course) as gradebook:
            grade = gradebook.find_grade(cell, "01_vectors", "01_vectors", student)
            grade.manual_score, grade.needs_manual_grade = points, False
            gradebook.db.commit()

    def gradebook(self) -> bytes:
        return (self.course.root / "gradebook.db").read_bytes()


@pytest.fixture(scope="session")
def full_marks_course(released: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Full marks for both students; not to be changed."""
    folder = tmp_path_factory.mktemp("full_marks") / "course"
    course = Course.find(shutil.copytree(released.root, folder))
    for student in ("ada", "ben"):
        sources = {"ex_dot": f"{DOT}# {student}\n", "ex_norm": NORM, "answer_orthogonal": "0"}
        hand_in(course, student, notebook_of(course, **sources))
    Class(course).grade()
    return course


@pytest.fixture
def graded_class(full_marks_course: Course, tmp_path: Path) -> Class:
    """A copy, and a judge for whatever comes next."""
    return Class(Course.find(shutil.copytree(full_marks_course.root, tmp_path / "graded")))


def shown(found: Regrade) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    print_regrade(found, console)
    return console.export_text()


def test_nobody_changes_when_nothing_did(graded_class: Class) -> None:
    found = graded_class.regrade()
    assert [each.exercises for each in found.students] == [(), ()]
    assert "2 judged again, 0 marks changed" in shown(found)


def test_it_says_who_changes_by_how_much_and_why_and_the_gradebook_stays(
    graded_class: Class,
) -> None:
    before = graded_class.gradebook()
    graded_class.change_tests()
    graded_class.finds = less
    found = graded_class.regrade()
    assert graded_class.gradebook() == before
    assert [(each.student, each.difference) for each in found.moved] == [("ada", -25), ("ben", -25)]
    [change] = found.moved[0].exercises
    assert (change.exercise, change.before, change.after) == ("dot", 40, 15)
    assert change.why == ("the tests",)
    [lost] = change.verdicts
    assert (lost.known.test, lost.difference, lost.known.diagnosis) == ("small", -25, "adds")
    said = shown(found)
    assert "2 lose up to 25" in said
    assert "Not as it was: the tests (2 students)." in said
    assert "title of small: passed, now failed; diagnosis: adds (-25)" in said


def test_what_is_held_is_applied_without_judging_again(graded_class: Class) -> None:
    graded_class.change_tests()
    graded_class.finds = less
    graded_class.regrade()
    graded_class.asked.clear()
    assert graded_class.apply().applied
    assert graded_class.asked == []
    assert graded_class.scores("ada")["check-dot"] == (15.0, None, False)
    assert not held_file(graded_class.course, vectors(graded_class.course)).exists()
    graded_class.grade(again=False)
    assert graded_class.asked == []  # graded with the tests of now


def test_tests_that_find_the_same_leave_the_gradebook_as_it_is(graded_class: Class) -> None:
    graded_class.give("ada", "answer-orthogonal", 12)
    before = graded_class.gradebook()
    graded_class.change_tests()
    graded_class.regrade()
    graded_class.apply()
    assert graded_class.gradebook() == before
    [record] = [kept_record(graded_class.course, "ada", vectors(graded_class.course), "dot")]
    assert record is not None
    assert graded_class.regrade().students[0].exercises == ()


def test_points_given_by_hand_stand_and_it_is_said(graded_class: Class) -> None:
    graded_class.give("ada", "check-dot", 33)
    graded_class.give("ada", "answer-orthogonal", 12)
    graded_class.finds = less
    found = graded_class.regrade()
    assert [each.student for each in found.moved] == ["ben"]
    assert (
        "ada: dot: the judge gave 40 and now gives 15; the 33 points given by hand stand"
        in shown(found)
    )
    graded_class.give("ada", "answer-orthogonal", 13)  # in between: no obstacle
    graded_class.apply()
    scores = graded_class.scores("ada")
    assert scores["check-dot"] == (15.0, 33.0, True)  # judged otherwise: to be looked at again
    assert scores["answer-orthogonal"] == (None, 13.0, False)  # read already


def test_whom_the_grader_fails_on_keeps_what_they_have(graded_class: Class) -> None:
    graded_class.finds = failed
    found = graded_class.regrade()
    assert [each.failure for each in found.failures] == ["the grader itself failed on dot"] * 2
    assert "ada stays as it is: the grader itself failed on dot" in shown(found)
    before = graded_class.gradebook()
    graded_class.apply()
    assert graded_class.gradebook() == before


def test_what_is_held_is_refused_when_the_tests_changed_since(graded_class: Class) -> None:
    graded_class.finds = less
    graded_class.regrade()
    graded_class.change_tests()
    with pytest.raises(ValueError, match="no longer holds good: the tests changed"):
        graded_class.apply()


def test_what_is_held_is_refused_when_a_student_handed_in_since(graded_class: Class) -> None:
    graded_class.finds = less
    graded_class.regrade()
    hand_in(graded_class.course, "ben", notebook_of(graded_class.course, ex_dot=ADDS))
    with pytest.raises(ValueError, match=r"ben handed in something else.*Nothing was applied"):
        graded_class.apply()
    assert graded_class.scores("ada")["check-dot"] == (40.0, None, False)


def test_what_is_held_is_refused_when_the_class_was_graded_since(graded_class: Class) -> None:
    graded_class.finds = less
    graded_class.regrade()
    graded_class.grade()
    with pytest.raises(ValueError, match="ada was graded since; ben was graded since"):
        graded_class.apply()


def test_nothing_held_is_one_clear_refusal(graded_class: Class) -> None:
    with pytest.raises(ValueError, match="nothing is held for 01_vectors: run `course regrade 01`"):
        graded_class.apply()


def test_an_interrupted_run_is_finished_by_the_next(graded_class: Class) -> None:
    graded_class.finds = less
    graded_class.regrade()

    def interrupted(student: str, done: int, total: int) -> None:
        raise KeyboardInterrupt  # once the first is entered

    with pytest.raises(KeyboardInterrupt):
        graded_class.apply(progress=interrupted)
    assert graded_class.scores("ben")["check-dot"][0] == 40.0
    graded_class.apply()
    assert graded_class.scores("ada")["check-dot"][0] == 15.0
    assert graded_class.scores("ben")["check-dot"][0] == 15.0


def test_the_trail_says_who_changed_which_mark_when_and_why(graded_class: Class) -> None:
    graded_class.change_tests()
    graded_class.finds = less
    graded_class.regrade()
    graded_class.apply()
    path = trail_file(graded_class.course)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(each["before"], each["after"]) for each in lines[:4]] == [(None, 40.0)] * 4
    assert len(lines) == 6
    assert lines[4] | {"when": "", "who": ""} == {
        "when": "",
        "who": "",
        "student": "ada",
        "assignment": "01_vectors",
        "exercise": "dot",
        "before": 40.0,
        "after": 15.0,
        "changed": ["the tests"],
    }
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_grade_that_holds_is_byte_equal(graded_class: Class) -> None:
    found = graded_class.verify("ada")
    assert [(each.exercise, each.holds) for each in found] == [("dot", True), ("norm", True)]


def test_a_grade_that_does_not_hold_is_shown_test_by_test(graded_class: Class) -> None:
    graded_class.finds = less
    before = graded_class.gradebook()
    found = graded_class.verify("ada")
    assert [each.holds for each in found] == [False, True]
    console = Console(width=120, file=io.StringIO(), record=True)
    print_verified(found, console)
    said = console.export_text()
    assert "dot: 15 points; the gradebook has 40" in said
    assert "changed since: nothing: verdicts differ on a second run" in said
    assert "title of small: passed, now failed; diagnosis: adds (-25)" in said
    assert '-   "outcome": "passed"' in said
    assert graded_class.gradebook() == before


def test_a_gradebook_that_was_edited_does_not_hold(graded_class: Class) -> None:
    with open_gradebook(graded_class.course) as gradebook:
        gradebook.find_grade("check-dot", "01_vectors", "01_vectors", "ada").auto_score = 39
        gradebook.db.commit()
    found = graded_class.verify("ada")
    assert [(each.holds, each.difference) for each in found] == [(False, ()), (True, ())]


@pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem())
def test_the_commands_for_real(
    course: Course, replace_in: Replace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that was too strict is mended: whom it cost points gets them."""

    monkeypatch.chdir(course.root)
    hand_in(course, "ada", notebook_of(course, ex_dot=DOT, ex_norm=NORM))
    hand_in(course, "ben", notebook_of(course, ex_dot=ADDS, ex_norm=NORM))
    assert run("grade", "01", "--no-pages", "--jobs", "1").exit_code == 0
    assert run("verify-grade", "ben", "01").exit_code == 0
    replace_in(course.exercise("dot").public_tests, "32.0", "21.0")
    done = run("regrade", "01", "--json", "--jobs", "1")
    assert done.exit_code == 0, done.output
    assert "nothing in the gradebook has changed" in done.stderr
    changed = {each["student"]: each["difference"] for each in json.loads(done.stdout)["changed"]}
    assert changed["ada"] < 0 < changed["ben"]
    done = run("regrade", "01", "--apply")
    assert done.exit_code == 0, done.output
    again = run("verify-grade", "ben", "01")
    assert again.exit_code == 0, again.output
    totals = {line.student: line.so_far for line in class_grades(course, vectors(course)).students}
    assert totals["ben"] > totals["ada"]
    assert (course.root / "feedback" / "ben").is_dir()


def run(*arguments: str) -> Result:
    """The `course` command, in this process."""
    return CliRunner().invoke(app, arguments)
