"""The roster comes from CSV as people write it, and mistakes are named by line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.gradebook.database import open_gradebook
from autograder.gradebook.roster import enter_roster
from autograder.submissions.roster import Student, read_roster


def roster(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "roster.csv"
    path.write_text(text, encoding=encoding, newline="")
    return path


def test_quoted_names_with_commas_and_lines_are_read(tmp_path: Path) -> None:
    text = 'id,first_name,last_name,email\r\nann,"Ann, dite ""Nan""","O\'Brien\nSmith",a@x.org\r\n'
    assert read_roster(roster(tmp_path, text)) == [
        Student("ann", 'Ann, dite "Nan"', "O'Brien\nSmith", "a@x.org")
    ]


def test_spreadsheets_habits_are_understood(tmp_path: Path) -> None:
    text = "ID;Last_Name;first_name;group\nmüller;Müller; Änne ;3\n\n;;;\n"
    [student] = read_roster(roster(tmp_path, text, "utf-8-sig"))
    assert student == Student("müller", "Änne", "Müller", "")


def test_columns_without_use_are_told(course: Course, tmp_path: Path) -> None:
    text = "ID;First Name;name;group\nann;Ann;Ann Bee;3\n"
    assert enter_roster(course, roster(tmp_path, text)).passed_over == ("name", "group")
    with open_gradebook(course) as gradebook:
        assert gradebook.find_student("ann").first_name == "Ann"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,email\nann,a\n", r"line 1: .*should name the columns id"),
        ("", r"line 1: .*should name the columns id"),
        ("id,email\nann,a\nann,b\n", r"line 3: 'ann' is there twice"),
        ("id,email\n../x,a\n", r"line 2: '../x' cannot be a student's id"),
        ("id,email\n,a\n", r"line 2: '' cannot be a student's id"),
        ("id,email\nann,a,b\n", r"line 2: there are more fields"),
        ("id,email\nann\n", r"line 2: there are fewer fields"),
        ('id,email\n"ann,a\n', r"line 2: unexpected end"),
        (
            "id,last_name\nann,Lee<script>alert(1)</script>\n",
            r"line 2: 'Lee<script>.*' cannot be a last_name: leave out < and >",
        ),
    ],
)
def test_a_mistake_is_named_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_roster(roster(tmp_path, text))


def test_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="save it as UTF-8"):
        read_roster(roster(tmp_path, "id\nmüller\n", "latin-1"))


def test_students_are_entered_and_brought_up_to_date(course: Course, tmp_path: Path) -> None:
    assert enter_roster(course, roster(tmp_path, "id,email\nann,old@x.org\nben,\n")).count == 2
    enter_roster(course, roster(tmp_path, "id,first_name,email\nann,Ann,new@x.org\n"))
    with open_gradebook(course) as gradebook:
        students = {s.id: (s.first_name, s.email) for s in gradebook.students}
    assert students == {"ann": ("Ann", "new@x.org"), "ben": (None, None)}


def test_a_half_made_gradebook_is_detected(course: Course) -> None:
    """nbgrader leaves one behind when it does not find alembic."""
    with sqlite3.connect(course.root / "gradebook.db") as connection:
        connection.execute("DROP TABLE alembic_version")
    with (
        pytest.raises(ValueError, match=r"gradebook.db is half-made.*Delete it"),
        open_gradebook(course),
    ):
        pass


def test_a_file_that_is_no_gradebook_is_named(course: Course) -> None:
    (course.root / "gradebook.db").write_bytes(b"not a database at all" * 100)
    with (
        pytest.raises(ValueError, match=r"gradebook.db is not a gradebook"),
        open_gradebook(course),
    ):
        pass


def test_a_new_gradebook_is_whole_without_an_activated_environment(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    (course.root / "gradebook.db").unlink()
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with open_gradebook(course) as gradebook:
        assert gradebook.students == []
    with open_gradebook(course):
        pass
