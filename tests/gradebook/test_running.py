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
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbgrader.converters import Autograde
from traitlets.config import Config

from autograder.course import Course
from autograder.gradebook import database, grading, pool
from autograder.gradebook.database import back_up, latest_backup, open_gradebook
from autograder.gradebook.grading import Status, grade_class
from autograder.gradebook.judging import judge_students
from autograder.judge.grading import Graded
from autograder.judge.sandbox import Bubblewrap, Unsandboxed, sandbox_problem
from tests.gradebook.samples import (
    ADDS,
    DOT,
    NORM,
    ChosenJudge,
    cell,
    full_marks,
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


@pytest.fixture
def judged(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list]:
    """Full marks for everybody from a judge that notes whom it was asked about."""
    log = tmp_path / "judged.txt"

    def find(notebook: nbformat.NotebookNode) -> dict[str, Graded]:
        source = cell(notebook, "ex-dot")["source"]
        with log.open("a", encoding="utf-8") as file:
            file.write(source.strip().rpartition("# ")[2] + "\n")
        return full_marks()

    monkeypatch.setattr(grading, "Judge", lambda course, _: ChosenJudge(course, find))

    def take() -> list[str]:
        names = log.read_text(encoding="utf-8").split() if log.exists() else []
        log.unlink(missing_ok=True)
        return names

    return take


def run(course: Course, *, again: bool = False) -> None:
    grade_class(course, vectors(course), sandbox=Unsandboxed(), again=again)


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
        grades = grade_class(each, vectors(each), sandbox=Bubblewrap(), jobs=jobs)
        assert {line.status for line in grades.students} == {Status.GRADED}
        points = {line.student: line.exercises[0].points for line in grades.students}
        assert points == {"ada": 40, "ben": 0, "chi": 40, "dee": 0, "eva": 40}
    assert books(course) == books(alone)


def test_one_judge_judges_the_whole_class(
    full_class: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lonely(ChosenJudge):
        def __deepcopy__(self, memo: Any) -> ChosenJudge:
            raise AssertionError("a copy of a judge starts fork servers of its own")

    monkeypatch.setattr(
        grading, "Judge", lambda course, _: Lonely(course, lambda notebook: full_marks())
    )
    grades = grade_class(full_class, vectors(full_class), sandbox=Unsandboxed(), jobs=1)
    assert {line.status for line in grades.students} == {Status.GRADED}


def test_a_submission_that_takes_its_judge_down_costs_nobody_else(
    full_class: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(notebook: nbformat.NotebookNode) -> dict[str, Graded]:
        if cell(notebook, "ex-dot")["source"].endswith("# chi\n"):
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out
        return full_marks()

    monkeypatch.setattr(grading, "Judge", lambda course, _: ChosenJudge(course, find))
    grades = grade_class(full_class, vectors(full_class), sandbox=Unsandboxed(), jobs=2)
    status = {line.student: line.status for line in grades.students}
    assert status == dict.fromkeys(STUDENTS, Status.GRADED) | {"chi": Status.NOT_GRADED}
    (chi,) = (line for line in grades.students if line.student == "chi")
    assert chi.problems == (pool.DIED,)


def test_judges_end_with_a_grader_that_is_killed(full_class: Course, tmp_path: Path) -> None:
    told = tmp_path / "judges.txt"

    def find(notebook: nbformat.NotebookNode) -> dict[str, Graded]:
        with told.open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        signal.pause()
        return full_marks()

    def grade() -> None:
        list(judge_students(ChosenJudge(full_class, find), vectors(full_class), STUDENTS, jobs=2))

    grader = multiprocessing.get_context("fork").Process(target=grade)
    grader.start()
    while not told.exists() or told.read_text(encoding="utf-8").count("\n") < 2:
        assert grader.is_alive()
    judges = [psutil.Process(int(pid)) for pid in told.read_text(encoding="utf-8").split()]
    grader.kill()
    grader.join()
    _, alive = psutil.wait_procs(judges, timeout=20)
    assert not alive


def test_ctrl_c_waits_for_the_submission_that_is_entered(
    full_class: Course, judged: Callable[[], list], monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = grading.autograde

    def interrupted(*arguments: Any) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        return enter(*arguments)

    monkeypatch.setattr(grading, "autograde", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(full_class)
    monkeypatch.undo()
    done = [path.parts[-3] for path in (full_class.state / "verdicts").glob("*/*/graded.json")]
    assert done == [STUDENTS[0]], "it is whole, and the next was not begun"


def test_the_gradebook_of_a_class_is_row_by_row_what_nbgrader_alone_writes(
    full_class: Course, judged: Callable[[], list], tmp_path: Path
) -> None:
    alone = Course.find(shutil.copytree(full_class.root, tmp_path / "alone"))
    config = Config()
    config.JudgeExercises.judge = ChosenJudge(alone, lambda notebook: full_marks())
    for student in STUDENTS:
        coursedir = grading.nbgrader_for(alone, vectors(alone), student, config)
        with grading.quiet():
            Autograde(coursedir=coursedir, config=config).start()
    run(full_class)
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


def test_what_is_graded_is_not_judged_again(full_class: Course, judged: Callable[[], list]) -> None:
    run(full_class)
    assert sorted(judged()) == sorted(STUDENTS)
    run(full_class)
    assert judged() == []
    run(full_class, again=True)
    assert sorted(judged()) == sorted(STUDENTS)


def test_new_work_is_judged_and_old_work_is_not(
    full_class: Course, judged: Callable[[], list]
) -> None:
    run(full_class)
    judged()
    hand_in(full_class, "ben", notebook_of(full_class, ex_dot=f"{ADDS}# ben\n", ex_norm=NORM))
    run(full_class)
    assert judged() == ["ben"]


def test_other_tests_or_another_reference_judge_everybody_again(
    full_class: Course, judged: Callable[[], list], replace_in: Callable[[Path, str, str], None]
) -> None:
    run(full_class)
    judged()
    module = full_class.library / "__init__.py"
    module.write_text(module.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    run(full_class)
    assert sorted(judged()) == sorted(STUDENTS)


def test_a_score_that_was_lost_is_judged_again(
    full_class: Course, judged: Callable[[], list]
) -> None:
    run(full_class)
    judged()
    with open_gradebook(full_class) as gradebook:
        notebook = gradebook.find_submission_notebook("01_vectors", "01_vectors", "chi")
        next(grade for grade in notebook.grades if grade.name == "check-dot").auto_score = None
        gradebook.db.commit()
    run(full_class)
    assert judged() == ["chi"]


def test_a_grader_that_is_killed_at_any_moment_loses_nothing(
    full_class: Course,
    judged: Callable[[], list],
    tmp_path: Path,
    soaking: bool,
    record_property: Callable[[str, object], None],
) -> None:
    kills = KILLS_IN_A_SOAK if soaking else KILLS
    fork = multiprocessing.get_context("fork")
    whole = Course.find(shutil.copytree(full_class.root, tmp_path / "whole"))
    takes = _seconds(lambda: run(whole))
    judged()
    expected = books(whole)
    chance = random.Random(kills)
    interrupted = 0
    for attempt in range(ATTEMPTS_PER_KILL * kills):
        course = Course.find(shutil.copytree(full_class.root, tmp_path / f"killed{attempt}"))
        grader = fork.Process(target=run, args=(course,))
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
        run(course)
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
    full_class: Course, judged: Callable[[], list]
) -> None:
    run(full_class)
    before = books(full_class)["grades"]
    run(full_class, again=True)
    copy = latest_backup(full_class)
    assert copy is not None
    shutil.copy(copy, full_class.root / "gradebook.db")
    assert books(full_class)["grades"] == before


def test_a_handful_of_copies_is_kept(full_class: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BACKUPS_KEPT", 3)
    taken = [back_up(full_class) for _ in range(5)]
    kept = sorted((full_class.state / "backups").iterdir())
    assert kept == taken[2:]


def test_a_gradebook_that_somebody_writes_is_not_begun_with(
    full_class: Course, judged: Callable[[], list], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.1)
    with closing(sqlite3.connect(full_class.root / "gradebook.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            ValueError, match=r"gradebook.db cannot be written.*nothing was changed"
        ):
            run(full_class)
    assert judged() == []
    run(full_class)
    assert sorted(judged()) == sorted(STUDENTS)


@pytest.mark.parametrize("damaged", [0, 1, 2], ids=["header", "first page", "all the others"])
def test_a_corrupt_gradebook_is_named_with_its_copy_and_nothing_is_written(
    full_class: Course, judged: Callable[[], list], damaged: int
) -> None:
    run(full_class)
    back_up(full_class)
    expected = books(full_class)
    path = full_class.root / "gradebook.db"
    sound = path.read_bytes()
    start, end = ((0, 100), (100, 4096), (4096, len(sound)))[damaged]
    path.write_bytes(sound[:start] + b"\xa5" * (end - start) + sound[end:])
    corrupt, copies = path.read_bytes(), sorted((full_class.state / "backups").iterdir())
    with pytest.raises(ValueError, match=r"is not a gradebook .*restore the copy .*gradebook-.*db"):
        run(full_class, again=True)
    assert path.read_bytes() == corrupt
    assert sorted((full_class.state / "backups").iterdir()) == copies
    shutil.copy(copies[-1], path)
    judged()
    run(full_class)
    assert books(full_class) == expected
    assert judged() == []


def test_tests_that_are_worth_something_else_are_refused(
    full_class: Course, judged: Callable[[], list], replace_in: Callable[[Path, str, str], None]
) -> None:
    with open_gradebook(full_class) as gradebook:
        notebook = gradebook.find_notebook("01_vectors", "01_vectors")
        next(c for c in notebook.grade_cells if c.name == "check-dot").max_score = 39
        gradebook.db.commit()
    with pytest.raises(ValueError, match=r"dot was released for 39 points, but its tests add up"):
        run(full_class)
    assert judged() == []
