"""A class of hostile students and two honest ones, taken in and graded once, in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.gradebook.standing import StudentGrades
from autograder.judge.sandbox import sandbox_problem
from autograder.judge.secret import VARIABLE
from autograder.submissions.collect import Collected, collect
from tests.attacks.arena import SANDBOX, Attack, Outside, corpus, outside_of, write_class
from tests.gradebook.samples import SECRET, grade_in, released_course, vectors

TRIED = [attack for attack in corpus() if not attack.missing]
BESIDE = [attack for attack in TRIED if attack.kind == "beside"]
PAST_INTAKE = [attack for attack in TRIED if attack.kind == "past intake"]
ATTACKS = [attack for attack in TRIED if attack not in (*BESIDE, *PAST_INTAKE)]

needs_sandbox = pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem())


@dataclass(frozen=True)
class HostileClass:
    """A class that was graded.

    Attributes:
        lines: the gradebook, by student.
        disturbed: what is not as it was outside the sandbox.
    """

    course: Course
    intake: Collected
    outside: Outside
    lines: dict[str, StudentGrades]
    disturbed: list[str]

    def of(self, attack: Attack) -> StudentGrades:
        """What became of an attack."""
        return self.lines[attack.student]


@pytest.fixture(scope="session")
def hostile_class(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileClass]:
    """The whole corpus, graded in one run."""
    if problem := sandbox_problem():
        pytest.skip(problem)
    folder = tmp_path_factory.mktemp("attacks")
    course = released_course(folder / "tiny_course")
    secret = folder / "secret-of-the-tests"
    secret.write_bytes(SECRET)
    handed_in = folder / "handed-in"
    handed_in.mkdir()
    with pytest.MonkeyPatch.context() as patch, outside_of(course, _made(folder)) as outside:
        patch.setenv(VARIABLE, str(secret))
        write_class(course, outside, ATTACKS, handed_in, SANDBOX)
        intake = collect(course, handed_in, vectors(course))
        grades = grade_in(SANDBOX, course, jobs=2)
        lines = {line.student: line for line in grades.students}
        yield HostileClass(course, intake, outside, lines, outside.disturbed())


def _made(folder: Path) -> Path:
    (folder / "outside").mkdir()
    return folder / "outside"
