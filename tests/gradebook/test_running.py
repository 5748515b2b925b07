"""Running over a class: in parallel, stopped and gone on with, killed at any moment."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbgrader.converters import Autograde
from traitlets.config import Config

from autograder.course import Assignment, Course
from autograder.gradebook.database import back_up, latest_backup, open_gradebook
from autograder.gradebook.standing import Status
from autograder.judge.grading import GradedExercise
from autograder.judge.sandbox import Bubblewrap, sandbox_problem
from autograder.judging.bench import InThisProcess, Judging
from autograder.judging.judged import Judged
from autograder.judging.processes import DIED, InProcesses
from autograder.nbgrader.autograde import nbgrader_for, quiet
from autograder.nbgrader.grade import grade_class
from autograder.submissions.reading import HandedIn, read_handed_in
from tests.gradebook.samples import (
    ADDS,
    DOT,
    NORM,
    ChosenJudge,
    cell,
    full_marks,
    grade_in,
    grade_with,
    hand_in,
    notebook_of,
    vectors,
)

KILLS, KILLS_IN_A_SOAK = 20, 200
ATTEMPTS_PER_KILL = 5
STUDENTS = ("ada", "ben", "chi", "dee", "eva")


@pytest.fixture
def full_class(course: Course) -> Course:
    """Five students handed in; each one's answer says whose it is."""
    for student in STUDENTS:
        hand_in(course, student, notebook_of(course, ex_dot=f"{DOT}# {student}\n", ex_norm=NORM))
    return course


@dataclass
class Noting:
    """Grades with full marks for everybody, and notes whom the judge was asked about."""

    log: Path

    def __call__(self) -> list[str]:
        """Return whom it was asked about since the last time."""
        names = self.log.read_text(encoding="utf-8").split() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return names

    def judge(self, course: Course) -> ChosenJudge:
        return ChosenJudge(course, self._find)

    def run(self, course: Course, *, again: bool = False) -> None:
        grade_with(self.judge(course), course, again=again)

    def _find(self, notebook: nbformat.NotebookNode) -> dict[str, GradedExercise]:
        source = cell(notebook, "ex-dot")["source"]
        with self.log.open("a", encoding="utf-8") as file:
            file.write(source.strip().rpartition("# ")[2] + "\n")
        return full_marks()


@pytest.fixture
def judged(tmp_path: Path) -> Noting:
    return Noting(tmp_path / "judged.txt")


def books(course: Course) -> dict[str, Any]:
    """What the gradebook says, and every verdict to the byte."""
    with open_gradebook(course) as gradebook:
        grades = {
            (submission.student.id, grade.name): (
                grade.auto_score,
                grade.manual_score,
                grade.max_score,
                grade.needs_manual_grade,
            )
            for submission in gradebook.assignment_submissions("01_vectors")
            for notebook in submission.notebooks
            for grade in notebook.grades
        }
    folder = course.state / "verdicts"
    verdicts = {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("verdict.json")
    }
    return {"grades": grades, "verdicts": verdicts}


@pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem())
def test_two_processes_find_what_one_finds(course: Course, tmp_path: Path) -> None:
    for student, answer in zip(STUDENTS, (DOT, ADDS, DOT, "def dot(:", DOT), strict=True):
        hand_in(course, student, notebook_of(course, ex_dot=answer, ex_norm=NORM))
    alone = Course.find(shutil.copytree(course.root, tmp_path / "alone"))
    for each, jobs in ((course, 2), (alone, 1)):
        grades = grade_in(Bubblewrap(), each, jobs=jobs)
        assert {line.status for line in grades.students} == {Status.GRADED}
        points = {line.student: line.exercises[0].points for line in grades.students}
        assert points == {"ada": 40, "ben": 0, "chi": 40, "dee": 0, "eva": 40}
    assert books(course) == books(alone)


def test_one_judge_judges_the_whole_class(full_class: Course) -> None:
    class Lonely(ChosenJudge):
        def __deepcopy__(self, memo: Any) -> ChosenJudge:
            raise AssertionError("a copy of a judge starts fork servers of its own")

    grades = grade_with(Lonely(full_class, lambda notebook: full_marks()), full_class)
    assert {line.status for line in grades.students} == {Status.GRADED}


def test_a_submission_that_takes_its_judge_down_costs_nobody_else(full_class: Course) -> None:
    def find(notebook: nbformat.NotebookNode) -> dict[str, GradedExercise]:
        if cell(notebook, "ex-dot")["source"].endswith("# chi\n"):
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out
        return full_marks()

    grades = grade_with(ChosenJudge(full_class, find), full_class, jobs=2)
    status = {line.student: line.status for line in grades.students}
    assert status == dict.fromkeys(STUDENTS, Status.GRADED) | {"chi": Status.NOT_GRADED}
    (chi,) = (line for line in grades.students if line.student == "chi")
    assert chi.problems == (DIED,)


def test_judges_end_with_a_grader_that_is_killed(full_class: Course, tmp_path: Path) -> None:
    told = tmp_path / "judges.txt"

    def find(notebook: nbformat.NotebookNode) -> dict[str, GradedExercise]:
        with told.open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        signal.pause()
        return full_marks()

    def grade() -> None:
        assignment = vectors(full_class)
        works = (read_handed_in(full_class, assignment, student) for student in STUDENTS)
        list(InProcesses(ChosenJudge(full_class, find), 2).judge_each(assignment, works))

    grader = multiprocessing.get_context("fork").Process(target=grade)
    grader.start()
    while not told.exists() or told.read_text(encoding="utf-8").count("\n") < 2:
        assert grader.is_alive()
    judges = [psutil.Process(int(pid)) for pid in told.read_text(encoding="utf-8").split()]
    grader.kill()
    grader.join()
    _, alive = psutil.wait_procs(judges, timeout=20)
    assert not alive


@dataclass(frozen=True)
class Interrupted(Judged):
    """Ctrl-C comes while this is entered."""

    def grade_notebook(
        self, assignment: Assignment, notebook: nbformat.NotebookNode
    ) -> dict[str, GradedExercise]:
        os.kill(os.getpid(), signal.SIGINT)
        return super().grade_notebook(assignment, notebook)


@dataclass(frozen=True)
class InterruptedBench(InThisProcess):
    """Judges in this process; Ctrl-C comes while what it found is entered."""

    def judge_each(self, assignment: Assignment, works: Iterable[HandedIn]) -> Judging:
        for work, found in super().judge_each(assignment, works):
            yield work, Interrupted(**vars(found))


def test_ctrl_c_waits_for_the_submission_that_is_entered(
    full_class: Course, judged: Noting
) -> None:
    bench = InterruptedBench(judged.judge(full_class))
    with pytest.raises(KeyboardInterrupt):
        grade_class(full_class, vectors(full_class), bench=bench)
    done = [path.parts[-3] for path in (full_class.state / "verdicts").glob("*/*/graded.json")]
    assert done == [STUDENTS[0]], "it is whole, and the next was not begun"


def test_the_gradebook_of_a_class_is_row_by_row_what_nbgrader_alone_writes(
    full_class: Course, judged: Noting, tmp_path: Path
) -> None:
    alone = Course.find(shutil.copytree(full_class.root, tmp_path / "alone"))
    config = Config()
    config.JudgeExercises.judge = ChosenJudge(alone, lambda notebook: full_marks())
    for student in STUDENTS:
        coursedir = nbgrader_for(alone, vectors(alone), student, config)
        with quiet():
            Autograde(coursedir=coursedir, config=config).start()
    judged.run(full_class)
    expected = rows(alone)
    assert len(expected["submitted_assignment"]) == len(STUDENTS)
    assert {grade["auto_score"] for grade in expected["grade"]} >= {40.0}
    assert rows(full_class) == expected


def rows(course: Course) -> dict[str, list[dict[str, Any]]]:
    """All tables of the gradebook, as they stand, but for the ids that are drawn by chance.

    Each id is replaced by the place in which its row is found when rows are sorted by what they
    refer to and say, so that references can be compared, too.
    """
    with closing(sqlite3.connect(course.root / "gradebook.db")) as gradebook:
        gradebook.row_factory = sqlite3.Row
        names = [
            name
            for (name,) in gradebook.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        tables = {
            name: [dict(row) for row in gradebook.execute(f'SELECT * FROM "{name}"')]
            for name in names
        }
    known = {
        row["id"]: ""
        for table in tables.values()
        for row in table
        if re.fullmatch("[0-9a-f]{32}", str(row.get("id")))
    }
    for _ in range(4):  # names come from the rows that an id's row refers to, four deep at most
        for name, table in tables.items():
            for row in table:
                if row.get("id") in known:
                    told = {k: known.get(v, v) for k, v in row.items() if k != "id"}
                    said = json.dumps([name, told], sort_keys=True, default=str)
                    known[row["id"]] = hashlib.sha256(said.encode()).hexdigest()[:12]
    for table in tables.values():
        for row in table:
            row |= {column: known.get(value, value) for column, value in row.items()}
        table.sort(key=lambda row: json.dumps(row, sort_keys=True, default=str))
    return tables


def test_what_is_graded_is_not_judged_again(full_class: Course, judged: Noting) -> None:
    judged.run(full_class)
    assert sorted(judged()) == sorted(STUDENTS)
    judged.run(full_class)
    assert judged() == []
    judged.run(full_class, again=True)
    assert sorted(judged()) == sorted(STUDENTS)


def test_new_work_is_judged_and_old_work_is_not(full_class: Course, judged: Noting) -> None:
    judged.run(full_class)
    judged()
    hand_in(full_class, "ben", notebook_of(full_class, ex_dot=f"{ADDS}# ben\n", ex_norm=NORM))
    judged.run(full_class)
    assert judged() == ["ben"]


def test_other_tests_or_another_reference_judge_everybody_again(
    full_class: Course, judged: Noting, replace_in: Callable[[Path, str, str], None]
) -> None:
    judged.run(full_class)
    judged()
    module = full_class.library / "__init__.py"
    module.write_text(module.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    judged.run(full_class)
    assert sorted(judged()) == sorted(STUDENTS)


def test_a_score_that_was_lost_is_judged_again(full_class: Course, judged: Noting) -> None:
    judged.run(full_class)
    judged()
    with open_gradebook(full_class) as gradebook:
        notebook = gradebook.find_submission_notebook("01_vectors", "01_vectors", "chi")
        next(grade for grade in notebook.grades if grade.name == "check-dot").auto_score = None
        gradebook.db.commit()
    judged.run(full_class)
    assert judged() == ["chi"]


def test_a_grader_that_is_killed_at_any_moment_loses_nothing(
    full_class: Course,
    judged: Noting,
    tmp_path: Path,
    soaking: bool,
    record_property: Callable[[str, object], None],
) -> None:
    kills = KILLS_IN_A_SOAK if soaking else KILLS
    fork = multiprocessing.get_context("fork")
    whole = Course.find(shutil.copytree(full_class.root, tmp_path / "whole"))
    takes = _seconds(lambda: judged.run(whole))
    judged()
    expected = books(whole)
    chance = random.Random(kills)
    interrupted = 0
    for attempt in range(ATTEMPTS_PER_KILL * kills):
        course = Course.find(shutil.copytree(full_class.root, tmp_path / f"killed{attempt}"))
        grader = fork.Process(target=judged.run, args=(course,))
        began = time.monotonic()
        grader.start()
        grader.join(chance.uniform(0.0, takes))
        if alive := grader.is_alive():
            interrupted += 1
        else:
            takes = min(takes, time.monotonic() - began)
        grader.kill()
        grader.join()
        judged()
        done = {path.parts[-3] for path in (course.state / "verdicts").glob("*/*/graded.json")}
        judged.run(course)
        assert books(course) == expected
        assert sorted(judged()) == sorted(set(STUDENTS) - done)
        if alive:
            record_property("count of kills", f"survived, with {len(done)} of {len(STUDENTS)} done")
        shutil.rmtree(course.root)
        if interrupted == kills:
            break
    assert interrupted == kills, "too few kills came while it graded"


def _seconds(call: Callable[[], None]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


def test_a_copy_of_the_gradebook_is_taken_before_a_class(
    full_class: Course, judged: Noting
) -> None:
    judged.run(full_class)
    before = books(full_class)["grades"]
    judged.run(full_class, again=True)
    copy = latest_backup(full_class)
    assert copy is not None
    shutil.copy(copy, full_class.root / "gradebook.db")
    assert books(full_class)["grades"] == before


def test_a_handful_of_copies_is_kept(full_class: Course) -> None:
    taken = [back_up(full_class, keep=3) for _ in range(5)]
    kept = sorted((full_class.state / "backups").iterdir())
    assert kept == taken[2:]


def test_a_gradebook_that_somebody_writes_is_not_begun_with(
    full_class: Course,
) -> None:
    with closing(sqlite3.connect(full_class.root / "gradebook.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            ValueError, match=r"gradebook.db cannot be written.*nothing was changed"
        ):
            back_up(full_class, patience=0.1)
    assert latest_backup(full_class) is None


@pytest.mark.parametrize("damaged", [0, 1, 2], ids=["header", "first page", "all the others"])
def test_a_corrupt_gradebook_is_named_with_its_copy_and_nothing_is_written(
    full_class: Course, judged: Noting, damaged: int
) -> None:
    judged.run(full_class)
    back_up(full_class)
    expected = books(full_class)
    path = full_class.root / "gradebook.db"
    sound = path.read_bytes()
    start, end = ((0, 100), (100, 4096), (4096, len(sound)))[damaged]
    path.write_bytes(sound[:start] + b"\xa5" * (end - start) + sound[end:])
    corrupt, copies = path.read_bytes(), sorted((full_class.state / "backups").iterdir())
    with pytest.raises(ValueError, match=r"is not a gradebook .*restore the copy .*gradebook-.*db"):
        judged.run(full_class, again=True)
    assert path.read_bytes() == corrupt
    assert sorted((full_class.state / "backups").iterdir()) == copies
    shutil.copy(copies[-1], path)
    judged()
    judged.run(full_class)
    assert books(full_class) == expected
    assert judged() == []


def test_tests_that_are_worth_something_else_are_refused(
    full_class: Course, judged: Noting, replace_in: Callable[[Path, str, str], None]
) -> None:
    with open_gradebook(full_class) as gradebook:
        notebook = gradebook.find_notebook("01_vectors", "01_vectors")
        next(c for c in notebook.grade_cells if c.name == "check-dot").max_score = 39
        gradebook.db.commit()
    with pytest.raises(ValueError, match=r"dot was released for 39 points, but its tests add up"):
        judged.run(full_class)
    assert judged() == []
