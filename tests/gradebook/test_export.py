"""Exported grades: blank means not graded, a spreadsheet runs nothing, platforms get their form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Course
from autograder.gradebook.exports.canvas import canvas_text
from autograder.gradebook.exports.gradescope import gradescope_results
from autograder.gradebook.exports.moodle import moodle_text
from autograder.gradebook.exports.sheet import csv_text
from autograder.gradebook.exports.write import Format, export, write_grades
from autograder.gradebook.standing import ClassGrades, ExerciseGrade, Status, StudentGrades
from autograder.judge.inputs import Inputs
from autograder.judge.records import Record
from autograder.testing.verdicts import Outcome, Result
from tests.gradebook.samples import full_marks, hand_in, notebook_of, vectors, verdict

SECRET_INPUT = "dot([7, 0]) is 7"
NO_INPUTS = Inputs("", "", "", "", {}, "", 0)


def grade(id: str, points: float | None, of: float, when_missing: Status) -> ExerciseGrade:
    return ExerciseGrade(id, points, of, when_missing if points is None else Status.GRADED)


def student(
    id: str, dot: float | None, essay: float | None, penalty: float = 0.0, **names: str
) -> StudentGrades:
    return StudentGrades(
        id,
        exercises=(grade("dot", dot, 40.0, Status.NOT_GRADED),),
        questions=(grade("essay", essay, 20.0, Status.WAITS),),
        penalty=penalty,
        **names,
    )


def table(*students: StudentGrades) -> dict[str, dict[str, str]]:
    text = csv_text(ClassGrades("01_vectors", {"dot": 40.0}, {"essay": 20.0}, students))
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text))}


def test_points_stand_by_exercise_with_a_total() -> None:
    row = table(student("ann", 33.25, 10.0, penalty=3.0))["ann"]
    assert (row["dot"], row["essay"], row["late_penalty"]) == ("33.25", "10", "3")
    assert (row["points_so_far"], row["total"], row["max_points"]) == ("40.25", "40.25", "60")


def test_zero_points_are_a_zero_and_a_missing_grade_is_blank() -> None:
    rows = table(
        student("zero", 0.0, 0.0),
        student("ungraded", None, 5.0),
        student("unread", 40.0, None),
        StudentGrades("absent"),
    )
    assert (rows["zero"]["dot"], rows["zero"]["total"]) == ("0", "0")
    assert (rows["ungraded"]["dot"], rows["ungraded"]["total"]) == ("", "")
    assert rows["ungraded"]["points_so_far"] == "5"
    assert (rows["unread"]["pending"], rows["unread"]["total"]) == ("20", "")
    assert (rows["absent"]["dot"], rows["absent"]["points_so_far"]) == ("", "")
    assert [row["status"] for row in rows.values()] == [
        "graded", "not graded", "waits for a reader", "nothing submitted",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_a_name_is_never_a_formula(name: str) -> None:
    row = table(student("ann", 1.0, 1.0, last_name=name))["ann"]
    assert row["last_name"] == f"'{name}"


def test_names_are_quoted_as_csv_asks() -> None:
    name = 'O"Brien, Ann\nMarie'
    assert table(student("ann", 1.0, 1.0, first_name=name))["ann"]["first_name"] == name


def test_an_export_tells_whether_it_is_complete(tmp_path: Path) -> None:
    for lines, complete in (((student("ann", None, 1.0),), False), ((), True)):
        grades = ClassGrades("01_vectors", {"dot": 40.0}, {}, lines)
        path = tmp_path / "out" / "grades.csv"
        assert write_grades(grades, Format.CSV, path) == (path, complete)
        assert path.read_text().startswith("student,last_name")


# Canvas and Moodle --------------------------------------------------------------------------------


def a_class() -> ClassGrades:
    """Graded and late, graded, not graded, unread, absent."""
    students = (
        student("ann", 33.25, 10.0, penalty=3.0, first_name="Ann", last_name="=Doe, Jr"),
        student("ben", 0.0, 0.0, first_name="Ben", email="ben@example.org"),
        student("cem", None, 5.0),
        student("dan", 40.0, None),
        StudentGrades("eve"),
    )
    return ClassGrades("01_vectors", {"dot": 40.0}, {"essay": 20.0}, students)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_canvas_gets_its_header_points_possible_and_the_final_total() -> None:
    header, possible, *lines = rows_of(canvas_text(a_class()))
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01_vectors"]
    assert "Points Possible" in possible[0]
    assert possible[5] == "60"
    assert lines == [
        ["'=Doe, Jr, Ann", "", "", "ann", "", "40.25"],
        ["Ben", "", "", "ben", "", "0"],
        ["cem", "", "", "cem", "", ""],
        ["dan", "", "", "dan", "", ""],
        ["eve", "", "", "eve", "", ""],
    ]


def test_canvas_gets_parts_that_add_up_to_the_total() -> None:
    header, possible, ann, *_ = rows_of(canvas_text(a_class(), per_exercise=True))
    assert header[5:] == ["01_vectors: dot", "01_vectors: essay", "01_vectors: late"]
    assert possible[5:] == ["40", "20", "0"]
    assert sum(map(float, ann[5:])) == 40.25


def test_there_is_no_column_for_lateness_when_nobody_was_late() -> None:
    punctual = ClassGrades("01_vectors", {"dot": 40.0}, {}, (student("ann", 1.0, 1.0),))
    header, _, ann = rows_of(canvas_text(punctual, per_exercise=True))
    assert (header[5:], ann[5:]) == (["01_vectors: dot"], ["1"])


def test_moodle_gets_identifiers_that_it_knows_and_blank_for_no_grade() -> None:
    rows = list(csv.DictReader(io.StringIO(moodle_text(a_class()))))
    assert list(rows[0]) == [
        "First name", "Last name", "ID number", "Email address", "01_vectors (Real)",
    ]  # fmt: skip
    assert [(row["ID number"], row["01_vectors (Real)"]) for row in rows] == [
        ("ann", "40.25"), ("ben", "0"), ("cem", ""), ("dan", ""), ("eve", ""),
    ]  # fmt: skip
    assert (rows[0]["Last name"], rows[1]["Email address"]) == ("'=Doe, Jr", "ben@example.org")


def test_moodle_gets_a_column_for_each_exercise_when_asked() -> None:
    [header, *_] = rows_of(moodle_text(a_class(), per_exercise=True))
    assert header[4:] == [
        "01_vectors: dot (Real)", "01_vectors: essay (Real)", "01_vectors: late (Real)",
    ]  # fmt: skip


# Gradescope ---------------------------------------------------------------------------------------


def judged(points: float | None = 25.0, **rest: Any) -> StudentGrades:
    """A student whose dot passed its public test and failed its hidden one."""
    result = Result(
        "dot",
        (
            verdict("small", 25.0, 25.0),
            verdict(
                "far", 0.0, 15.0, hidden=True, message=SECRET_INPUT, help=SECRET_INPUT,
                diagnosis="adds", cause="CheckFailure",
            ),
        ),
    )  # fmt: skip
    record = Record("01_vectors", result, (), NO_INPUTS)
    dot = ExerciseGrade(
        "dot", points, 40.0, Status.GRADED, record=record, run={"seconds": 1.25}, **rest
    )
    essay = grade("essay", None, 20.0, Status.WAITS)
    return StudentGrades("ann", exercises=(dot,), questions=(essay,), penalty=2.5)


KEYS: dict[str, type | tuple[type, ...]] = {  # of a test, by Gradescope's specification
    "score": (int, float), "max_score": (int, float), "status": str,
    "name": str, "name_format": str, "number": str,
    "output": str, "output_format": str, "visibility": str,
}  # fmt: skip


def test_gradescope_gets_a_results_file_of_its_specification() -> None:
    results = gradescope_results(judged())
    assert results is not None
    assert results["score"] == 22.5
    assert results["execution_time"] == 2
    assert results["stdout_visibility"] == "hidden"
    for test in results["tests"]:
        assert all(isinstance(value, KEYS[key]) for key, value in test.items())
        assert test["visibility"] in ("hidden", "after_due_date", "after_published", "visible")
        assert test.get("status", "passed") in ("passed", "failed")
    public, hidden, essay = results["tests"]
    assert (public["name"], public["number"]) == ("dot: title of small", "1.1")
    assert (public["score"], public["max_score"], public["status"]) == (25.0, 25.0, "passed")
    assert (hidden["visibility"], hidden["score"], hidden["status"]) == ("hidden", 0.0, "failed")
    assert (essay["number"], essay["max_score"], "score" in essay) == ("2.1", 20.0, False)
    assert results["output"] == ("2.5 points off for handing in late. 20 points wait for a reader.")


def test_gradescope_never_learns_what_a_hidden_test_says() -> None:
    text = json.dumps(gradescope_results(judged()))
    assert SECRET_INPUT not in text
    assert "adds" in text  # the diagnosis, as on the feedback page


def test_points_by_hand_are_one_entry_and_not_the_tests_of_the_judge() -> None:
    results = gradescope_results(judged(30.0, by_hand=True))
    assert results is not None
    assert [test.get("score") for test in results["tests"]] == [30.0, None]
    assert "by a person" in results["tests"][0]["output"]


@pytest.mark.parametrize("line", [student("cem", None, 5.0), StudentGrades("eve")])
def test_gradescope_gets_no_file_where_there_is_no_score(line: StudentGrades) -> None:
    assert gradescope_results(line) is None


def test_every_format_is_written_for_a_graded_class(
    course: Course, grade: Callable[..., Any], tmp_path: Path
) -> None:
    hand_in(course, "ann", notebook_of(course, answer_orthogonal="At a right angle."))
    grade(lambda _: full_marks())
    for form in Format:
        path, complete = export(course, vectors(course), form, tmp_path / form)
        assert complete
        assert path.exists()
    results = json.loads((tmp_path / "gradescope" / "ann" / "results.json").read_text("utf-8"))
    assert results["score"] == 80.0
    assert {test.get("status") for test in results["tests"]} == {"passed", None}


def test_an_older_results_file_goes_when_there_is_no_score_now(
    course: Course, grade: Callable[..., Any], tmp_path: Path
) -> None:
    hand_in(course, "ann", notebook_of(course))
    failed = full_marks()
    failed["dot"] = replace(
        failed["dot"],
        result=Result("dot", (verdict("small", None, 40.0, outcome=Outcome.GRADER_ERROR),)),
    )
    for found, there in ((full_marks(), True), (failed, False)):
        grade(lambda _, found=found: found)
        _, complete = export(course, vectors(course), Format.GRADESCOPE, tmp_path)
        assert complete is there
        assert (tmp_path / "ann" / "results.json").exists() is there
