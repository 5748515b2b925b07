"""A disk that fills up while a class is taken in, copied or graded loses nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.judge.sandbox import sandbox_problem
from tests.gradebook.test_running import STUDENTS

pytestmark = pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem())

SIZE = 24 << 20  # bytes of the file system
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What `full_disk` says, on a small file system that only its own process sees."""
    folder = tmp_path_factory.mktemp("disk")
    bwrap = shutil.which("bwrap")
    assert bwrap
    command = [
        bwrap, "--die-with-parent", "--dev-bind", "/", "/",
        "--size", str(SIZE), "--tmpfs", str(folder), "--chdir", str(ROOT),
        sys.executable, "-m", "tests.gradebook.full_disk", str(folder),
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(ran.stdout.splitlines()[-1])["tried"]
    return found


@pytest.mark.parametrize("step", ["collect", "back up", "grade"])
def test_a_second_run_ends_with_the_books_of_an_undisturbed_one(
    tried: list[dict[str, Any]], step: str
) -> None:
    undisturbed, *full = [each for each in tried if each["step"] == step]
    assert undisturbed["said"] == ""
    assert any(each["said"] for each in full), "the disk was never full"
    for each in full:
        assert each["books"] == undisturbed["books"]


def test_nobody_is_judged_again_whose_grades_were_entered(tried: list[dict[str, Any]]) -> None:
    for each in tried:
        assert each["judged"] == sorted(set(STUDENTS) - set(each["done"]))


def test_work_that_has_no_room_is_named_with_the_remedy(tried: list[dict[str, Any]]) -> None:
    refused = [each["said"] for each in tried if each["step"] == "collect" and each["said"]]
    assert refused
    for said in refused:
        assert "could not be put into" in said
        assert "(No space left on device)" in said
        assert "make room" in said


def test_a_copy_that_has_no_room_is_refused_and_taken_away(tried: list[dict[str, Any]]) -> None:
    refused = [each for each in tried if each["step"] == "back up" and each["said"]]
    assert refused
    for each in refused:
        assert "nothing was changed" in each["said"]
        assert each["left"] == []
