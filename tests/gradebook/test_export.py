"""Grades as CSV: blank means not graded, and a spreadsheet runs nothing."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.gradebook import export
from autograder.gradebook.export import csv_text, export_csv
from autograder.gradebook.grading import ClassGrades, ExerciseGrade, Status, StudentGrades
from tests.gradebook.samples import vectors


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


def test_an_export_tells_whether_it_is_complete(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lines, complete in (((student("ann", None, 1.0),), False), ((), True)):
        grades = ClassGrades("01_vectors", {"dot": 40.0}, {}, lines)
        monkeypatch.setattr(export, "class_grades", lambda *_, grades=grades: grades)
        assert export_csv(course, vectors(course), tmp_path / "out" / "grades.csv") is complete
        assert (tmp_path / "out" / "grades.csv").read_text().startswith("student,last_name")
