"""Runs `course demo`: all steps from data to report on a sample class, in a copy of the course."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from joblib import Parallel, cpu_count, delayed
from rich.console import Console

from autograder.authoring.reference import rehearse
from autograder.course import Assignment, Course
from autograder.demo.plan import Plan, read_plan
from autograder.demo.sample_class import (
    SampleStudent,
    read_class,
    write_roster,
    write_submissions,
)
from autograder.gradebook.roster import enter_roster, known_students
from autograder.judge.grading import Judge
from autograder.judge.sandbox import Bubblewrap, Sandbox, Unsandboxed, sandbox_problem
from autograder.judging.bench import bench_for
from autograder.nbgrader.feedback import write_feedback
from autograder.nbgrader.grade import grade_class
from autograder.progress import progress_bar
from autograder.releasing.release import release
from autograder.releasing.verify import verify_release
from autograder.report.page import write_report
from autograder.report.terminal.gradebook import print_gradebook
from autograder.submissions.collect import collect

TAKEN_ALONG = ("pyproject.toml", "requirements.txt", "nbgrader_config.py")


def run_demo(
    course: Course,
    console: Console,
    *,
    prepare: Callable[[Iterable[str]], None],
    everything: bool = False,
) -> None:
    """Run all steps from data to report; raise an exception when a step fails.

    Args:
        course: the course; its checkout is not changed, only copied.
        console: console that the steps are reported on.
        prepare: runs the course's commands that put on disk the data that its notebooks read.
        everything: whether to show all assignments, not only the assignments of the demo.
    """
    began = time.perf_counter()
    sandbox = _sandbox(console)
    with _step(console, "Preparing the data"):
        prepare(read_plan(course, everything=everything).prepare)
    demo = own_course(course, course.state / "demo")
    plan = read_plan(demo, everything=everything)
    with _step(console, "Writing the student editions"):
        released = {each.name: release(demo, each.name) for each in plan.assignments}
    with _step(console, "Running the reference notebooks and verifying the student editions"):
        _try_out(demo, plan, released.values(), console)
    students = read_class(plan.class_file)
    enter_roster(demo, write_roster(students, demo.state / "roster.csv"))
    grades = []
    with Judge(demo, sandbox) as judge:
        bench = bench_for(judge, jobs=cpu_count())
        for assignment in plan.assignments:
            with _step(console, f"Grading {assignment.name}"):
                _hand_in(demo, assignment, released[assignment.name], students, sandbox)
                with progress_bar(console, assignment.name) as progress:
                    grades.append(grade_class(demo, assignment, bench=bench, progress=progress))
                write_feedback(demo, assignment)
    for table in grades:
        print_gradebook(table, console)
    for student in students:
        console.print(f"  {student.id}: {student.story}", highlight=False)
    page = write_report(demo, plan.assignments, demo.root / "reports")
    console.print(f"\nClass report:   {page}", highlight=False, soft_wrap=True)
    feedback = demo.root / "feedback"
    for html in sorted(feedback.rglob("*.html"))[:3]:
        console.print(f"Feedback page:  {html}", highlight=False, soft_wrap=True)
    console.print(f"All feedback:   {feedback}", highlight=False, soft_wrap=True)
    console.print(f"The demo took {time.perf_counter() - began:.0f} s.")


def _try_out(demo: Course, plan: Plan, archives: Collection[Path], console: Console) -> None:
    """Run reference notebooks and verify releases, in parallel.

    Raises:
        ValueError: a reference notebook raised, or a release gives something away.
    """
    folder = demo.state / "executed"
    calls: list[tuple[Any, ...]] = [
        *((rehearse, demo, each, folder / each.ipynb.name) for each in plan.assignments),
        *((verify_release, demo, archive) for archive in archives),
    ]
    results = Parallel(cpu_count())(delayed(call)(*arguments) for call, *arguments in calls)
    runs, reports = results[: len(plan.assignments)], results[len(plan.assignments) :]
    for assignment, run in zip(plan.assignments, runs, strict=True):
        console.print(f"  {assignment.name}: {run.summary} ({run.seconds:.0f} s)")
        if run.errors:
            raise ValueError(f"the reference notebook {assignment.name} raised")
    for archive, report in zip(archives, reports, strict=True):
        console.print(f"  {archive.name}: {report.summary}")
        if not report.clean:
            raise ValueError(f"{archive} gives something away:\n{report}")


def own_course(course: Course, folder: Path) -> Course:
    """Make a new copy of a course in a folder, so that the real gradebook is not touched."""
    if folder.exists():
        shutil.rmtree(folder)
    parts = (course.library, course.tests, course.notebooks, course.data)
    sample_class = [read_plan(course).class_file.parent] if course.demo else []
    for path in (*parts, *sample_class, *(course.root / name for name in TAKEN_ALONG)):
        if path.is_dir():
            left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
            shutil.copytree(path, folder / path.relative_to(course.root), ignore=left_out)
        elif path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, folder / path.name)
    if (course.root / "data").is_dir():
        (folder / "data").symlink_to(course.root / "data")
    return Course.find(folder)


def _hand_in(
    course: Course,
    assignment: Assignment,
    archive: Path,
    students: list[SampleStudent],
    sandbox: Sandbox,
) -> None:
    """Unpack a release as students do, write their submissions, and collect them."""
    workspace = course.state / "workspaces" / assignment.name
    shutil.unpack_archive(archive, workspace)
    notebook = next(workspace.rglob(f"{assignment.name}.ipynb"))
    folder = course.state / "handed_in" / assignment.name
    write_submissions(course, assignment, notebook, folder, students, contained=sandbox.contained)
    collect(course, folder, assignment, known=known_students(course))


def _sandbox(console: Console) -> Sandbox:
    problem = sandbox_problem()
    if not problem:
        console.print("Submissions run in a sandbox (bubblewrap).")
        return Bubblewrap()
    console.print(f"[bold]No sandbox:[/] {problem}")
    console.print("The demo goes on unsandboxed, with its honest samples only.")
    return Unsandboxed()


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    console.print(f"[bold]{what} ...[/]")
    began = time.perf_counter()
    yield
    console.print(f"  done in {time.perf_counter() - began:.1f} s")
