"""The walls of the sandbox hold for a grader without rights as they do for root."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from autograder.course import Course
from tests.attacks.arena import CHECKOUT, ESCAPED, Attack
from tests.attacks.conftest import ATTACKS, needs_sandbox
from tests.conftest import LEFT_OUT, TINY_COURSE

USER = 12_345
WALLS = [attack for attack in ATTACKS if attack.walls]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the attacks on walls came to, graded by an ordinary user."""
    if os.geteuid() != 0:
        pytest.skip("the whole corpus was graded as an ordinary user already")
    course = Course.find(
        shutil.copytree(TINY_COURSE, tmp_path_factory.mktemp("theirs") / "course", ignore=LEFT_OUT)
    )
    done = subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", str(USER),
         sys.executable, "-m", "tests.attacks.as_ordinary_user", str(course.root)],
        capture_output=True, text=True, check=False, cwd=CHECKOUT, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert read["uid"] == USER
    return read


@needs_sandbox
@pytest.mark.parametrize("attack", WALLS, ids=lambda attack: attack.name)
def test_an_ordinary_users_sandbox_keeps_everything_out(
    found: dict[str, Any], attack: Attack, record_property: Callable[[str, Any], None]
) -> None:
    *said, points = found["found"][attack.name]
    assert ESCAPED not in str(said)
    assert points == "0.0"
    assert "kept out" in str(said) or "WorkerDied" in str(said), said
    record_property("count of attacks", "kept out, for an ordinary user")


@needs_sandbox
def test_nothing_outside_an_ordinary_users_sandbox_is_changed(found: dict[str, Any]) -> None:
    assert found["disturbed"] == []
