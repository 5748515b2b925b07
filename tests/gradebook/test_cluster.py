"""A Dask cluster on loopback judges a class: a scheduler and two nodes that share no folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.gradebook.standing import Status
from autograder.judge.grading import Judge
from autograder.judge.sandbox import Bubblewrap, sandbox_problem
from autograder.judging import cluster
from autograder.nbgrader.grade import grade_class
from tests.gradebook.samples import (
    ADDS,
    DOT,
    NORM,
    ChosenJudge,
    full_marks,
    grade_in,
    hand_in,
    notebook_of,
    regrade_in,
    vectors,
)
from tests.gradebook.test_running import STUDENTS, books

distributed = pytest.importorskip("distributed")
needs_sandbox = pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem())


@contextmanager
def dask(*arguments: str, home: Path, ready: str, hidden: Path | None = None) -> Iterator[str]:
    """A process of Dask's in a home of its own; gives what the text `ready` found in its log."""
    home.mkdir()
    command = [sys.executable, "-m", "dask", *arguments]
    if hidden is not None and os.geteuid() == 0:
        blind = f'mount -t tmpfs none "{hidden}" && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", blind, "sh", *command]
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(home)}
    process = subprocess.Popen(
        command, cwd=home, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        found = None
        while found is None:
            line = process.stderr.readline()
            assert line, "it ended before it was ready"
            found = re.search(ready, line)
        yield found[0]
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture
def scheduler(course: Course, tmp_path: Path) -> Iterator[str]:
    """The address of a cluster whose nodes cannot see the course."""
    with ExitStack() as stack:
        start = stack.enter_context
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        address = start(
            dask(
                "scheduler", *options, home=tmp_path / "scheduler", ready=r"tcp://127\.0\.0\.1:\d+"
            )
        )
        for number in range(2):
            options = ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            start(
                dask(
                    "worker", address, *options, home=tmp_path / f"node{number}",
                    ready="Registered to", hidden=course.root,
                )
            )  # fmt: skip
        yield address


@needs_sandbox
def test_a_cluster_finds_what_one_process_finds(
    course: Course, scheduler: str, tmp_path: Path
) -> None:
    for student, answer in zip(STUDENTS, (DOT, ADDS, DOT, "def dot(:", DOT), strict=True):
        source = f"{answer}# {student}\n"
        hand_in(course, student, notebook_of(course, ex_dot=source, ex_norm=NORM))
    alone = Course.find(shutil.copytree(course.root, tmp_path / "alone"))
    grade_in(Bubblewrap(), alone)
    grades = grade_in(Bubblewrap(), course, scheduler=scheduler)
    assert {line.status for line in grades.students} == {Status.GRADED}
    assert books(course) == books(alone)
    again = regrade_in(Bubblewrap(), course, scheduler=scheduler)
    assert {each.student for each in again.students} == set(STUDENTS)
    assert not again.moved
    assert not again.failures
    assert not (course.state / "editions").exists(), "nothing was judged here"


def test_a_node_that_is_not_like_the_grader_judges_nothing(course: Course) -> None:
    assignment = vectors(course)
    bundle = cluster._packed(course, assignment)
    order = json.loads(cluster._order(Judge(course, Bubblewrap()), assignment, bundle))
    order["inputs"]["kit"] = "another kit"
    _, verdicts = cluster.judge_there(json.dumps(order).encode(), bundle, b"{}")
    assert b"this node is not like the grader: the grader" in verdicts


def test_the_same_course_travels_as_the_same_bytes_without_variants(course: Course) -> None:
    bundle = cluster._packed(course, vectors(course))
    right = course.exercise("dot").folder / "right" / "another.py"
    right.parent.mkdir(parents=True)
    right.write_text("def dot(x, y):\n    return 7\n", encoding="utf-8")
    assert bundle == cluster._packed(course, vectors(course))
    assert b"another.py" not in bundle
    assert b"tiny_lib" in bundle


@pytest.mark.parametrize(
    ("missing", "said"),
    [(True, "pip install dask"), (False, "no Dask scheduler answers at tcp://127.0.0.1:1 ")],
    ids=["dask is not installed", "nothing answers"],
)
def test_a_cluster_that_cannot_be_used_is_refused_with_the_remedy(
    course: Course, monkeypatch: pytest.MonkeyPatch, missing: bool, said: str
) -> None:
    hand_in(course, "ada", notebook_of(course, ex_dot=DOT, ex_norm=NORM))
    judge = ChosenJudge(course, lambda _: full_marks())
    bench = cluster.OnCluster(judge, "tcp://127.0.0.1:1", answer_seconds=1)
    if missing:
        monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=re.escape(said)):
        grade_class(course, vectors(course), bench=bench)
