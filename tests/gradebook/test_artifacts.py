"""Files that are handed in beside a notebook: from the workspace through collecting to a mark."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from autograder.answers.artifacts import MAX_ARTIFACT
from autograder.course import Course
from autograder.gradebook.standing import ClassGrades
from autograder.judge.records import VERDICT, record_folder
from autograder.judge.sandbox import Bubblewrap, Sandbox, Unsandboxed, sandbox_problem
from autograder.releasing.release import release
from autograder.releasing.verify import verify_release
from autograder.student.submit import submit
from autograder.submissions.collect import collect
from autograder.testing.declarations import exercise
from tests.gradebook.samples import (
    ARTIFACT,
    DOT,
    NORM,
    grade_in,
    notebook_of,
    regrade_in,
    released_course,
    vectors,
    verify_in,
)
from tests.gradebook.samples import ARTIFACT_NAME as NAME

RIGHT, WRONG = b"the length", b"another length"


@pytest.fixture(scope="session")
def with_artifact(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The tiny course, whose exercise `norm` asks for a file; 01 is released. Read only."""
    return released_course(tmp_path_factory.mktemp("artifacts") / "tiny_course", artifact=RIGHT)


@pytest.fixture
def course(with_artifact: Course, tmp_path: Path) -> Course:
    """A copy of it, free to be changed."""
    return Course.find(shutil.copytree(with_artifact.root, tmp_path / "course"))


def answers(course: Course) -> bytes:
    return json.dumps(notebook_of(course, ex_dot=DOT, ex_norm=NORM)).encode()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def sandbox() -> Sandbox:
    return Unsandboxed() if sandbox_problem() else Bubblewrap()  # these answers are our own


def graded(course: Course, *, again: bool = True) -> ClassGrades:
    return grade_in(sandbox(), course, again=again)


def test_handing_in_packs_the_file_or_says_that_it_is_not_there(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(release(course, "01")) as archive:
        assert not [name for name in archive.namelist() if name.endswith(NAME)]
        archive.extractall(tmp_path)
    workspace = tmp_path / "tiny-1.0"
    monkeypatch.chdir(workspace)
    put(workspace / "01_vectors.ipynb", answers(course))

    without = submit("01")
    assert f"{ARTIFACT} is not there and is not handed in" in str(without)
    assert [each.passed for each in without.exercises] == [True, False]

    put(workspace / ARTIFACT, RIGHT)
    complete = submit("01")
    assert complete.passed
    assert ARTIFACT not in str(complete)
    with zipfile.ZipFile(complete.archive) as archive:
        assert archive.read(NAME) == RIGHT
        assert NAME in json.loads(archive.read("submission.json"))["sha256"]

    put(workspace / ARTIFACT, bytes(MAX_ARTIFACT + 1))
    with pytest.raises(ValueError, match=r"weights/norm.bin has .* at most"):
        submit("01")


def test_the_file_counts_as_much_as_its_test(course: Course, tmp_path: Path) -> None:
    source = tmp_path / "inbox"
    for student, content in {"ada": RIGHT, "ben": WRONG, "chi": None}.items():
        put(source / student / "01_vectors.ipynb", answers(course))
        if content is not None:
            put(source / student / "work" / NAME, content)
    report = collect(course, source, vectors(course))
    assert {each.student: each.problems for each in report.taken} == {
        "ada": (),
        "ben": (),
        "chi": (f"no {NAME} came with it",),
    }
    found = {
        line.student: [grade.points for grade in line.exercises] for line in graded(course).students
    }
    assert found == {"ada": [40, 40], "ben": [40, 30], "chi": [40, 30]}
    verdicts = {
        student: json.loads(
            (record_folder(course, student, "01_vectors", "norm") / VERDICT).read_text()
        )
        for student in found
    }
    assert "another length" in verdicts["ben"]["verdicts"][-2]["message"]
    assert len({verdict["inputs"]["program"] for verdict in verdicts.values()}) == 3


def test_another_file_alone_is_a_new_submission_and_is_graded_anew(
    course: Course, tmp_path: Path
) -> None:
    source = tmp_path / "inbox"
    put(source / "ada" / "01_vectors.ipynb", answers(course))
    put(source / "ada" / NAME, WRONG)
    assert [each.change for each in collect(course, source, vectors(course)).taken] == ["new"]
    assert graded(course).students[0].exercises[1].points == 30
    assert [each.change for each in collect(course, source, vectors(course)).taken] == ["unchanged"]
    put(source / "ada" / NAME, RIGHT)
    assert [each.change for each in collect(course, source, vectors(course)).taken] == ["replaced"]
    assert graded(course, again=False).students[0].exercises[1].points == 40


def test_grading_again_reads_the_file_again(course: Course, tmp_path: Path) -> None:
    source = tmp_path / "inbox"
    put(source / "ada" / "01_vectors.ipynb", answers(course))
    put(source / "ada" / NAME, RIGHT)
    collect(course, source, vectors(course))
    graded(course)
    assert all(each.holds for each in verify_in(sandbox(), course, "ada"))
    again = regrade_in(sandbox(), course)
    assert (again.moved, again.failures) == ((), ())
    assert again.to_json()["unchanged"] == ["ada"]


def test_a_class_in_a_zip_brings_its_files(course: Course, tmp_path: Path) -> None:
    archive = tmp_path / "class.zip"
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        packed.writestr("01_vectors.ipynb", answers(course))
        packed.writestr(NAME, RIGHT)
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("ada/01_vectors.ipynb", answers(course))
        opened.writestr(f"ada/weights/{NAME}", RIGHT)
        opened.write(tmp_path / "packed.zip", "ben_01_vectors.zip")
    report = collect(course, archive, vectors(course))
    assert not report.refused
    for student in ("ada", "ben"):
        arrived = course.root / "submitted" / student / "01_vectors" / NAME
        assert arrived.read_bytes() == RIGHT


def test_a_file_that_cannot_be_taken_costs_the_notebook_nothing(
    course: Course, tmp_path: Path
) -> None:
    source = tmp_path / "inbox"
    put(source / "ada" / "01_vectors.ipynb", answers(course))
    (source / "ada" / NAME).symlink_to(put(tmp_path / "secret", RIGHT))
    put(source / "ben" / "01_vectors.ipynb", answers(course))
    put(source / "ben" / NAME, bytes(MAX_ARTIFACT + 1))
    problems = {
        each.student: each.problems for each in collect(course, source, vectors(course)).taken
    }
    assert "norm.bin is left out" in problems["ada"][0]
    assert "symbolic link" in problems["ada"][0]
    assert "larger than" in problems["ben"][0]
    assert not list((course.root / "submitted").rglob(NAME))


def test_a_release_that_holds_the_references_file_is_found_out(course: Course) -> None:
    archive = release(course, "01")
    assert verify_release(course, archive).clean
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(f"tiny-1.0/tiny_data/{NAME}", RIGHT)
    assert not verify_release(course, archive).clean


def test_an_artifact_stays_in_the_workspace() -> None:
    declaration = {"object": "a.b", "title": "t", "difficulty": 1, "minutes": 1}
    for path in ("/etc/passwd", "../weights.bin"):
        with pytest.raises(ValueError, match="leads out of the workspace"):
            exercise("b", **declaration, artifact=path)
