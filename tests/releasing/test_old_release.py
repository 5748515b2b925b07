"""A release of 0.1.0, from before the kit's rooms were rearranged, still works for its students."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.course import Course
from autograder.demo.run import own_course
from autograder.judge.grading import Judge
from autograder.judge.sandbox import Bubblewrap, Unsandboxed, sandbox_problem
from autograder.releasing.release import release
from autograder.student.workspace import read_release, update
from autograder.submissions.reading import parse_submission

ROOT = Path(__file__).parents[2]
OLD = ROOT / "tests" / "fixtures" / "release_0.1.0"
RELEASE, SOLVED = OLD / "lookalike-01_batches-0.1.0.zip", OLD / "01_batches.ipynb"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old release, unpacked, with a solved notebook in it."""
    folder = tmp_path_factory.mktemp("old")
    shutil.unpack_archive(RELEASE, folder)
    [workspace] = folder.iterdir()
    shutil.copy(SOLVED, workspace)
    return workspace


def test_it_checks_and_packs_with_the_kit_that_it_carries(workspace: Path) -> None:
    command = [sys.executable, "-m", "autograder.student", "submit", "01"]
    done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Hand in this file" in done.stdout
    receipt = json.loads(zipfile.ZipFile(workspace / "01_batches.zip").read("submission.json"))
    assert receipt["public_points"] == {
        "eligible_products": 18,
        "epoch_length": 12,
        "batch_sampler": 28,
    }


def test_its_work_is_graded_in_full() -> None:
    course = Course.find(ROOT)
    notebook = parse_submission(SOLVED.read_bytes()).for_judge()
    sandbox = Unsandboxed() if sandbox_problem() else Bubblewrap()
    with Judge(course, sandbox, secret=b"the secret of this test") as judge:
        graded = judge.grade_notebook(course.assignment("01"), nbformat.from_dict(notebook))
    for id, each in graded.items():
        assert each.result.points == each.result.max_points > 0, id


def test_a_release_of_today_comes_into_its_workspace(workspace: Path, tmp_path: Path) -> None:
    course = own_course(Course.find(ROOT), tmp_path / "course")
    archive = release(course, "01")
    theirs = shutil.copytree(workspace, tmp_path / "workspace")
    done = update(archive, theirs)
    assert not [name for name in done.beside if not name.endswith(".ipynb")]
    command = [sys.executable, "-m", "autograder.student", "check", "01"]
    checked = subprocess.run(command, cwd=theirs, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    carried = read_release(archive)
    assert all((theirs / name).is_file() for name in carried)
