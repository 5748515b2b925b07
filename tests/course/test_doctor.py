"""`course doctor` says what is there, what is missing, whose work needs it, and the remedy."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.course import Course
from autograder.doctor import Finding, examine


@pytest.fixture
def course() -> Course:
    return Course.find(Path(__file__).parent)


def looked_at(course: Course, **options: Any) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine(course, **options)}


def test_on_a_machine_that_runs_these_tests_what_students_need_is_there(course: Course) -> None:
    found = looked_at(course)
    for subject in ("Python", "torch", "torchvision", "packages"):
        assert found[subject].healthy, found[subject]
        assert found[subject].needed_for == "everybody"


def test_what_only_graders_need_is_said_to_be_for_grading(course: Course) -> None:
    found = looked_at(course)
    for subject in ("sandbox", "nbgrader's alembic"):
        assert found[subject].needed_for == "grading"


def test_without_bubblewrap_there_is_no_sandbox_and_nothing_behind_it(course: Course) -> None:
    missing = "bubblewrap is missing: install it"
    found = looked_at(course, find_sandbox_problem=lambda: missing)
    assert found["sandbox"] == Finding("sandbox", "none", missing, "grading")
    assert not {"system calls", "sum of memory"} & found.keys()


def test_another_python_and_a_missing_alembic_are_named_with_the_remedy(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    alembic = looked_at(course, path="/nowhere")["nbgrader's alembic"]
    assert alembic.state == "not on PATH"
    assert "pip install alembic" in alembic.remedy
    monkeypatch.setattr("sys.version_info", (3, 9, 0, "final", 0))
    assert "3.11, 3.12 or 3.13" in looked_at(course)["Python"].remedy


def test_a_package_that_is_not_installed_is_named(course: Course) -> None:
    needs_more = replace(course, runtime=(*course.runtime, "scikit-unlearn"))
    packages = looked_at(needs_more)["packages"]
    assert packages.state.startswith("scikit-unlearn is not installed")
    assert packages.remedy == "pip install -r requirements.txt"


def test_a_disk_with_little_room_is_named(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    assert "Make 5 GB free" in looked_at(course)["disk"].remedy
