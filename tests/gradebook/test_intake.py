"""Submissions come in as one regular file a student, whatever was handed in."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.gradebook.roster import enter_roster, known_students
from autograder.student.workspace import write_zip
from autograder.submissions.collect import collect
from autograder.submissions.files import CAPS, Caps
from autograder.submissions.submitted import check_submitted
from tests.gradebook.samples import DOT, hand_in, notebook_of, vectors

NAME = "01_vectors.ipynb"
CONTENT = b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of submissions."""
    folder = tmp_path / "handed-in"
    folder.mkdir()
    return folder


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def taken(course: Course, source: Path) -> dict[str, str]:
    """Where each student's submission was found; checks that it arrived."""
    report = collect(course, source, vectors(course))
    for each in report.taken:
        arrived = course.root / "submitted" / each.student / "01_vectors" / NAME
        assert arrived.is_file()
    check_submitted(course)
    return {each.student: each.found for each in report.taken}


def refused(course: Course, source: Path, caps: Caps = CAPS) -> dict[str, str]:
    """What was left outside, and why."""
    report = collect(course, source, vectors(course), caps=caps)
    check_submitted(course)
    return dict(report.refused)


# what is taken ------------------------------------------------------------------------------------


def test_every_usual_form_of_a_submission_is_taken_in(course: Course, source: Path) -> None:
    put(source / "ann" / NAME)
    put(source / "ben" / "01_vectors" / NAME)
    put(source / "cas_01_vectors.ipynb")
    put(source / "01_vectors-dan.ipynb")
    put(source / "eve.zip", zipped({f"tiny-0.1/{NAME}": CONTENT, "tiny-0.1/manifest.json": b"{}"}))
    put(source / "fay_01_vectors (2).zip", zipped({NAME: CONTENT}))
    put(source / "gus" / "01_vectors (1).ipynb")
    put(source / "hal" / "01_vectors.zip", zipped({f"01_vectors/{NAME}": CONTENT}))
    students = {"ann", "ben", "cas", "dan", "eve", "fay", "gus", "hal"}
    assert set(taken(course, source)) == students


def test_the_zip_that_students_make_is_taken_in(course: Course, source: Path) -> None:
    """`course submit` names it by the assignment, or by student and assignment."""
    work = notebook_of(course, ex_dot=DOT)
    packed = write_zip(source / "ann_01_vectors.zip", {NAME: json.dumps(work).encode()})
    assert taken(course, source) == {"ann": "ann_01_vectors.zip"}
    arrived = course.root / "submitted" / "ann" / "01_vectors" / NAME
    assert json.loads(arrived.read_bytes()) == work
    put(source / "inbox.zip", zipped({"ben/01_vectors.zip": packed.read_bytes()}))
    assert taken(course, source / "inbox.zip") == {"ben": "ben/01_vectors.zip"}


def test_a_class_in_one_zip_is_taken_in(course: Course, source: Path) -> None:
    members = {
        f"class/ann/{NAME}": CONTENT,
        "class/ann/notes/x.txt": b"",
        f"class/ben/deep/{NAME}": CONTENT,
    }
    path = put(source / "class.zip", zipped(members))
    assert taken(course, path) == {"ann": f"class/ann/{NAME}", "ben": f"class/ben/deep/{NAME}"}
    flat = {"cas_01_vectors.ipynb": CONTENT, "dan.zip": zipped({NAME: CONTENT})}
    path = put(source / "flat.zip", zipped(flat))
    assert set(taken(course, path)) == {"cas", "dan"}


def test_only_the_notebook_comes_in(course: Course, source: Path) -> None:
    put(source / "ann" / NAME)
    put(source / "ann" / "course_lib" / "distances.py", b"import os")
    put(source / "ann" / "timestamp.txt", b"forged")
    taken(course, source)
    arrived = course.root / "submitted" / "ann" / "01_vectors"
    assert {path.name for path in arrived.iterdir()} == {NAME, "timestamp.txt"}
    assert "forged" not in (arrived / "timestamp.txt").read_text()


def test_the_time_of_handing_in_is_the_files_own(course: Course, source: Path) -> None:
    os.utime(put(source / "ann" / NAME), (1_700_000_000, 1_700_000_000))
    taken(course, source)
    stamp = course.root / "submitted" / "ann" / "01_vectors" / "timestamp.txt"
    assert stamp.read_text() == "2023-11-14 22:13:20 UTC\n"


def test_of_two_submissions_the_newer_counts(course: Course, source: Path) -> None:
    os.utime(put(source / "ann_01_vectors.ipynb", CONTENT + b" "), (2e9, 2e9))
    os.utime(put(source / "ann" / NAME), (1e9, 1e9))
    assert taken(course, source) == {"ann": "ann_01_vectors.ipynb"}
    assert refused(course, source)[f"ann/{NAME}"] == "ann handed in a newer one"


def test_a_class_is_never_held_in_memory(course: Course, source: Path) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "x" * (1 << 20)}
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "", "outputs": [output]}
    large = json.dumps({**json.loads(CONTENT), "cells": [cell | {"execution_count": None}]})

    def peak(students: int) -> int:
        for number in range(students):
            put(source / f"student{number}" / NAME, large.encode())
        tracemalloc.start()
        try:
            assert len(taken(course, source)) == students
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = peak(2)
    assert peak(16) < few + 4 * len(large)


def test_collecting_again_replaces_only_what_changed(course: Course, source: Path) -> None:
    put(source / "ann" / NAME)
    put(source / "ben" / NAME)

    def changes() -> dict[str, str]:
        report = collect(course, source, vectors(course))
        return {each.student: each.change for each in report.taken}

    assert changes() == {"ann": "new", "ben": "new"}
    put(source / "ben" / NAME, CONTENT + b" ")
    assert changes() == {"ann": "unchanged", "ben": "replaced"}


def test_what_is_replaced_is_kept(course: Course, source: Path) -> None:
    put(source / "ann" / NAME)
    collect(course, source, vectors(course))
    put(source / "ann" / NAME, CONTENT + b" ")
    collect(course, source, vectors(course))
    kept = course.state / "replaced" / "ann" / "01_vectors" / "1" / NAME
    assert kept.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "when", "reason"),
    [
        (CONTENT + b" ", 1e9, "older than the one of 2033-05-18 03:33 UTC that is there"),
        (b'{"cells": [', 2.1e9, "cannot be read, and the one that is there can"),
    ],
)
def test_good_work_is_not_replaced_by_older_or_unreadable(
    course: Course, source: Path, content: bytes, when: float, reason: str
) -> None:
    os.utime(put(source / "ann" / NAME), (2e9, 2e9))
    collect(course, source, vectors(course))
    os.utime(put(source / "ann" / NAME, content), (when, when))
    assert reason in refused(course, source)[f"ann/{NAME}"]
    present = course.root / "submitted" / "ann" / "01_vectors" / NAME
    assert present.read_bytes() == CONTENT


def test_a_damaged_notebook_is_taken_in_and_reported(course: Course, source: Path) -> None:
    put(source / "ann" / NAME, b'{"cells": [')
    report = collect(course, source, vectors(course))
    assert "the notebook file is damaged" in report.taken[0].problems[0]
    assert "the notebook file is damaged" in str(report)


def test_a_student_who_is_not_in_the_roster_is_reported(
    course: Course, source: Path, tmp_path: Path
) -> None:
    roster = put(tmp_path / "roster.csv", b"id,first_name,last_name,email\nann,,,\n")
    enter_roster(course, roster)
    put(source / "ann" / NAME)
    put(source / "zoe" / NAME)
    report = collect(course, source, vectors(course), known=known_students(course))
    assert [each.problems for each in report.taken] == [(), ("is not in the roster",)]


# what is not --------------------------------------------------------------------------------------


def test_links_pipes_and_folders_in_place_of_a_notebook_stay_outside(
    course: Course, source: Path
) -> None:
    secret = put(source.parent / "secret.ipynb", b"secret")
    for name in ("link", "hard", "pipe", "folder"):
        (source / name).mkdir()
    (source / "link" / NAME).symlink_to(secret)
    os.link(secret, source / "hard" / NAME)
    os.mkfifo(source / "pipe" / NAME)
    (source / "folder" / NAME).mkdir()
    (source / "linked").symlink_to(source.parent)
    reasons = refused(course, source)
    assert "a symbolic link" in reasons["link"]
    assert "a hard link" in reasons["hard"]
    assert "a named pipe" in reasons["pipe"]
    assert "holds no 01_vectors.ipynb" in reasons["folder"]
    assert "a symbolic link" in reasons["linked"]


@pytest.mark.parametrize(
    "name",
    ["../../evil/01_vectors.ipynb", "/etc/01_vectors.ipynb", "a\\..\\01_vectors.ipynb",
     "C:/01_vectors.ipynb", "x\n/01_vectors.ipynb"],
)  # fmt: skip
def test_a_path_that_leads_outside_is_never_followed(
    course: Course, source: Path, name: str
) -> None:
    path = put(source / "class.zip", zipped({name: CONTENT, f"ann/{NAME}": CONTENT}))
    before = sorted(source.parent.rglob("*"))
    assert set(taken(course, path)) == {"ann"}
    outside = [p for p in sorted(source.parent.rglob("*")) if course.root not in p.parents]
    assert outside == [p for p in before if course.root not in p.parents]


def test_links_inside_a_zip_are_refused(course: Course, source: Path) -> None:
    link = zipfile.ZipInfo(f"ann/{NAME}")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(source / "class.zip", "w") as archive:
        archive.writestr(link, "/etc/hostname")
        archive.writestr(f"ben/{NAME}", CONTENT)
    assert refused(course, source / "class.zip")[f"ann/{NAME}"] == (
        "it is a link or another special file"
    )


def test_a_zip_bomb_is_not_unpacked(course: Course, source: Path) -> None:
    caps = Caps(notebook=100_000)
    bomb = zipped({NAME: b"0" * 5_000_000})
    assert len(bomb) < 10_000
    put(source / "ann.zip", bomb)
    assert "larger than 100,000 bytes when unpacked" in refused(course, source, caps)["ann.zip"]


def test_a_zip_whose_header_lies_about_its_size_is_bounded_too(
    course: Course, source: Path
) -> None:
    honest = zipped({NAME: b"0" * 50_000})
    put(source / "ann.zip", honest.replace((50_000).to_bytes(4, "little"), b"\x10\0\0\0"))
    assert "ann.zip" in refused(course, source, Caps(notebook=1_000))


def test_an_archive_of_too_many_files_is_refused(course: Course, source: Path) -> None:
    put(source / "ann.zip", zipped({f"{i}.txt": b"" for i in range(4)}))
    for i in range(4):
        put(source / "ben" / f"{i}.txt")
    reasons = refused(course, source, Caps(members=3))
    assert "more than 3 files" in reasons["ann.zip"]
    assert "more than 3 files" in reasons["ben"]


@pytest.mark.parametrize(
    "name",
    ["no-student.ipynb", "01_vectors.zip", "my work.zip", "a b_01_vectors.ipynb", "grades.csv"],
)
def test_a_file_that_does_not_say_whose_it_is_stays_outside(
    course: Course, source: Path, name: str
) -> None:
    put(source / name)
    assert name in refused(course, source)


def test_a_damaged_zip_stays_outside_and_the_rest_comes_in(course: Course, source: Path) -> None:
    put(source / "ann.zip", b"PK\x03\x04 nothing more")
    put(source / "ben" / NAME)
    assert "damaged zip" in refused(course, source)["ann.zip"]
    assert set(taken(course, source)) == {"ben"}


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_zip_with_damaged_contents_stays_outside_and_the_rest_comes_in(
    course: Course, source: Path, method: int
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("01_vectors.ipynb", CONTENT * 20)
    damaged = bytearray(packed.getvalue())
    start = damaged.index(b"01_vectors.ipynb") + len("01_vectors.ipynb")
    damaged[start + 9 : start + 40] = bytes(31)
    put(source / "eve.zip", bytes(damaged))
    put(source / "ann" / "01_vectors.ipynb")
    report = collect(course, source, vectors(course))
    assert [taken.student for taken in report.taken] == ["ann"]
    assert "cannot be unpacked" in report.refused[0][1]


def test_no_room_to_begin_with_is_said_with_the_remedy(
    course: Course, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    put(source / "ann" / NAME)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    with pytest.raises(
        ValueError, match=r"\(No space left on device\)\. 0 submissions .*make room"
    ):
        collect(course, source, vectors(course))


def test_a_source_that_is_no_folder_and_no_zip_is_an_error(course: Course, source: Path) -> None:
    with pytest.raises(ValueError, match="neither a folder nor a zip"):
        collect(course, put(source / "class.tar", b"x"), vectors(course))


# what may lie in submitted/ -----------------------------------------------------------------------


def test_a_healthy_folder_of_submissions_is_accepted(course: Course) -> None:
    check_submitted(course)
    hand_in(course, "ann", notebook_of(course))
    put(course.root / "submitted" / ".gitkeep", b"")
    check_submitted(course)


def test_anything_but_regular_files_in_submitted_is_refused_by_name(course: Course) -> None:
    folder = hand_in(course, "ann", notebook_of(course)).parent
    gradebook = course.root / "gradebook.db"
    cases = {
        "leak.txt": lambda path: path.symlink_to("/etc/hostname"),
        "db.ipynb": lambda path: os.link(gradebook, path),
        "pipe": os.mkfifo,
        "linked-folder": lambda path: path.symlink_to(course.root, target_is_directory=True),
    }
    for name, make in cases.items():
        path = folder / name
        make(path)
        with pytest.raises(ValueError, match=r"Nothing is graded .* `course collect`") as error:
            check_submitted(course)
        assert str(path) in str(error.value)
        path.unlink()
    check_submitted(course)


def test_submitted_itself_and_its_students_must_be_folders(course: Course, tmp_path: Path) -> None:
    (course.root / "submitted").mkdir()
    (course.root / "submitted" / "ann").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="ann is a symbolic link"):
        check_submitted(course)
    (course.root / "submitted" / "ann").unlink()
    (course.root / "submitted").rmdir()
    (course.root / "submitted").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="submitted is not a folder"):
        check_submitted(course)


def test_too_much_in_a_submission_is_refused(course: Course) -> None:
    folder = hand_in(course, "ann", notebook_of(course)).parent
    for number in range(4):
        put(folder / f"{number}.txt")
    with pytest.raises(ValueError, match="more than 3 files"):
        check_submitted(course, Caps(files=3))


def test_a_timestamp_that_would_stop_nbgrader_is_refused(course: Course) -> None:
    folder = hand_in(course, "ann", notebook_of(course)).parent
    put(folder / "timestamp.txt", b"yesterday, I think")
    with pytest.raises(ValueError, match=r"timestamp.txt is not a date"):
        check_submitted(course)


def test_names_of_files_cannot_play_tricks_on_the_terminal(course: Course, source: Path) -> None:
    put(source / "class.zip", zipped({"\x1b]0;owned\x07/a.ipynb": CONTENT, "ann/x.txt": b""}))
    report = str(collect(course, source / "class.zip", vectors(course)))
    assert "\x1b" not in report
    assert json.dumps(report)
