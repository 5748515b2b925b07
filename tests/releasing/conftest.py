"""Releases of the tiny course, made once."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.authoring.notebook import build_notebooks
from autograder.course import Course
from autograder.releasing.release import release

TINY_COURSE = Path(__file__).parents[1] / "fixtures" / "tiny_course"


@dataclass(frozen=True)
class Released:
    """The tiny course with the zips of its two assignments."""

    course: Course
    first: Path
    second: Path


@pytest.fixture(scope="session")
def released(tmp_path_factory) -> Released:
    """01 and 02, released; 02 reveals nothing. Read only."""
    left_out = shutil.ignore_patterns("__pycache__", ".course")
    root = tmp_path_factory.mktemp("released") / "tiny_course"
    course = Course.find(shutil.copytree(TINY_COURSE, root, ignore=left_out))
    build_notebooks(course)
    return Released(course, release(course, "01"), release(course, "02"))
