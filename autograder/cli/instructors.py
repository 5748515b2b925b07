"""Commands for instructors, from the release to the exports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.shared import (
    INSTRUCTORS,
    Prefix,
    Prefixes,
    UnsandboxedOption,
    chosen,
    console,
    errors,
    writes,
)
from autograder.course import Course

if TYPE_CHECKING:
    from autograder.judge.sandbox import Sandbox

commands = typer.Typer()

SchedulerOption = Annotated[
    str | None, typer.Option(help="a Dask cluster that judges instead: tcp://HOST:8786")
]


@commands.command(rich_help_panel=INSTRUCTORS)
@writes
def release(
    prefixes: Prefixes = None,
    reveal: Annotated[
        list[str] | None,
        typer.Option(help="an earlier assignment whose solutions this release gives away"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder to write to; default releases/")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="overwrite a release of the same version")
    ] = False,
) -> None:
    """Write the student edition of assignments: a folder and a zip."""
    from autograder.releasing.release import release as write_release

    course = Course.find()
    for assignment in chosen(course, prefixes):
        archive = write_release(
            course, assignment.name, reveal=tuple(reveal or ()), out=out, replace=replace
        )
        console.print(f"{assignment.name}: {archive}", markup=False, highlight=False)


@commands.command("verify-release", rich_help_panel=INSTRUCTORS)
def verify_release(
    archive: Annotated[Path, typer.Argument(help="the zip or folder of a release")],
) -> None:
    """Prove that a release gives nothing away, and that it works."""
    from autograder.releasing.verify import verify_release as verify

    report = verify(Course.find(), archive)
    console.print(str(report), markup=False, highlight=False)
    if not report.clean:
        raise typer.Exit(1)


@commands.command(rich_help_panel=INSTRUCTORS)
@writes
def roster(
    file: Annotated[Path, typer.Argument(help="CSV: id, first_name, last_name, email")],
) -> None:
    """Enter the class into the gradebook."""
    from autograder.gradebook.roster import enter_roster

    entered = enter_roster(Course.find(), file)
    console.print(f"Students entered: {entered.count}")
    if entered.passed_over:
        columns = ", ".join(entered.passed_over)
        errors.print(f"Columns passed over: {columns}", markup=False, highlight=False)


@commands.command(rich_help_panel=INSTRUCTORS)
@writes
def collect(
    source: Annotated[Path, typer.Argument(help="a folder or zip of submissions")],
    prefix: Prefix,
) -> None:
    """Take submissions in: regular files only, within limits."""
    from autograder.gradebook.roster import known_students
    from autograder.submissions.collect import collect as take_in

    course = Course.find()
    report = take_in(course, source, course.assignment(prefix), known=known_students(course))
    console.print(str(report), markup=False, highlight=False)


@commands.command(rich_help_panel=INSTRUCTORS)
@writes
def grade(
    prefixes: Prefixes = None,
    student: Annotated[list[str] | None, typer.Option(help="only these students")] = None,
    jobs: Annotated[int, typer.Option(help="processes that judge; default one a core")] = 0,
    again: Annotated[
        bool, typer.Option("--again", help="grade again what the same tests have graded already")
    ] = False,
    pages: Annotated[
        bool, typer.Option("--pages/--no-pages", help="write feedback pages and class report")
    ] = True,
    scheduler: SchedulerOption = None,
    unsandboxed: UnsandboxedOption = False,
) -> None:
    """Grade a class, print the gradebook, write feedback pages and the class report.

    Work that the same tests have graded already is left out, so that a stopped run goes on.
    """
    from autograder.judge.starting import begin_to_start, worker_source

    course = Course.find()
    sandbox = _sandbox_of(scheduler, unsandboxed=unsandboxed)
    assignments = chosen(course, prefixes)
    if not assignments:
        raise ValueError(f"{course.notebooks} holds no assignment")
    # The sandbox loads torch while the grader loads its own modules.
    begun = worker_source(sandbox) if scheduler else begin_to_start(course, assignments[0], sandbox)
    with closing(begun) as workers:
        from joblib import cpu_count

        from autograder.judge.grading import Judge
        from autograder.judging.bench import bench_for
        from autograder.nbgrader.feedback import write_feedback
        from autograder.nbgrader.grade import grade_class
        from autograder.progress import progress_bar
        from autograder.report.page import write_report
        from autograder.report.terminal.gradebook import print_gradebook

        complete = True
        with Judge(course, sandbox) as judge:
            judge.take_workers_from(workers)
            bench = bench_for(judge, jobs=jobs or cpu_count(), scheduler=scheduler)
            for assignment in assignments:
                with progress_bar(console, assignment.name) as progress, _going_on_later():
                    grades = grade_class(
                        course,
                        assignment,
                        bench=bench,
                        students=student,
                        progress=progress,
                        again=again,
                    )
                print_gradebook(grades, console)
                if pages:
                    write_feedback(course, assignment, students=student)
                complete &= grades.complete
    if pages:
        page = write_report(course, assignments, course.root / "reports")
        console.print(f"Class report: {page}", markup=False, highlight=False)
    if not complete:
        errors.print("Something was not graded, by the grader's own fault: see the report.")
        raise typer.Exit(1)


@commands.command(rich_help_panel=INSTRUCTORS)
@writes
def regrade(
    prefix: Prefix,
    apply: Annotated[
        bool, typer.Option("--apply", help="enter the held findings, without judging again")
    ] = False,
    student: Annotated[list[str] | None, typer.Option(help="only these students")] = None,
    jobs: Annotated[int, typer.Option(help="processes that judge; default one a core")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    scheduler: SchedulerOption = None,
    unsandboxed: UnsandboxedOption = False,
) -> None:
    """Grade a class again beside the gradebook, and show who would change, by how much and why.

    Use it after a test or the reference has changed. The findings are held: look at them, then
    enter exactly these with --apply. Points given by hand always stand.
    """
    from joblib import cpu_count

    from autograder.judge.grading import Judge
    from autograder.judging.bench import bench_for
    from autograder.nbgrader.feedback import write_feedback
    from autograder.progress import progress_bar
    from autograder.regrading.regrade import apply_held
    from autograder.regrading.regrade import regrade as judge_again
    from autograder.report.terminal.changes import print_regrade

    if apply and (student or scheduler):
        raise ValueError(
            "--apply judges nothing, it enters all that is held: choose students and a scheduler "
            "when the class is judged"
        )
    course = Course.find()
    assignment = course.assignment(prefix)
    sandbox = _sandbox_of(scheduler, unsandboxed=unsandboxed)
    with Judge(course, sandbox) as judge, progress_bar(errors, assignment.name) as progress:
        if apply:
            found = apply_held(course, assignment, judge=judge, progress=progress)
        else:
            bench = bench_for(judge, jobs=jobs or cpu_count(), scheduler=scheduler)
            found = judge_again(
                course, assignment, bench=bench, students=student, progress=progress
            )
    if as_json:
        print(json.dumps(found.to_json(), indent=1))
    else:
        print_regrade(found, console)
    if apply:
        changed = [each.student for each in found.students if each.exercises and not each.failure]
        write_feedback(course, assignment, students=changed)
        errors.print(f"Applied. Feedback pages written again: {len(changed)}.")
    else:
        errors.print(
            "Held: nothing in the gradebook has changed. To enter just this: "
            f"course regrade {assignment.number} --apply",
            soft_wrap=True,
        )
    if found.failures:
        raise typer.Exit(1)


@commands.command(rich_help_panel=INSTRUCTORS)
@writes
def feedback(
    prefixes: Prefixes = None,
    student: Annotated[list[str] | None, typer.Option(help="only these students")] = None,
) -> None:
    """Write the feedback pages again, for example after points were given by hand."""
    from autograder.nbgrader.feedback import write_feedback

    course = Course.find()
    failed = False
    for assignment in chosen(course, prefixes):
        written = write_feedback(course, assignment, students=student)
        console.print(f"{assignment.name}: {len(written.pages)} pages under feedback/")
        for name, problem in written.problems.items():
            errors.print(f"{name}: {problem}", markup=False, highlight=False)
        failed |= bool(written.problems)
    if failed:
        raise typer.Exit(1)


@commands.command(rich_help_panel=INSTRUCTORS)
def report(
    prefixes: Prefixes = None,
    to: Annotated[Path | None, typer.Option(help="folder; default reports/")] = None,
) -> None:
    """Write the class report from what is graded; nothing is graded again."""
    from autograder.report.page import write_report

    course = Course.find()
    page = write_report(course, chosen(course, prefixes), to or course.root / "reports")
    console.print(f"Class report: {page}", markup=False, highlight=False, soft_wrap=True)


@commands.command(rich_help_panel=INSTRUCTORS)
def export(
    prefix: Prefix,
    form: Annotated[
        str, typer.Option("--format", help="csv, canvas, moodle or gradescope")
    ] = "csv",
    to: Annotated[
        Path | None, typer.Option(help="file, for Gradescope folder; default by assignment")
    ] = None,
    per_exercise: Annotated[
        bool, typer.Option("--per-exercise", help="Canvas, Moodle: parts instead of the total")
    ] = False,
) -> None:
    """Write an assignment's grades: point by point as CSV, or as a learning platform wants them."""
    from autograder.gradebook.exports.write import Format
    from autograder.gradebook.exports.write import export as write

    if form not in list(Format):
        raise ValueError(f"no format {form!r}; there are: {', '.join(Format)}")
    course = Course.find()
    assignment = course.assignment(prefix)
    path, complete = write(course, assignment, Format(form), to, per_exercise=per_exercise)
    console.print(str(path), markup=False, highlight=False)
    if not complete:
        errors.print("Something has no score: not graded, by the grader's own fault.")
        raise typer.Exit(1)


@commands.command(rich_help_panel=INSTRUCTORS)
def similarity(
    prefix: Prefix,
    to: Annotated[Path | None, typer.Option(help="folder; default reports/")] = None,
) -> None:
    """Write a page on which answers are more alike than the task explains."""
    from autograder.similarity.page import write_similarity

    course = Course.find()
    assignment = course.assignment(prefix)
    page, count = write_similarity(course, assignment, to or course.root / "reports")
    console.print(f"{count} pairs share something: {page}", markup=False, soft_wrap=True)
    console.print("Similarity is no proof: read both answers first.")


def _sandbox_of(scheduler: str | None, *, unsandboxed: bool) -> Sandbox:
    """Return the sandbox of this machine.

    It is not looked for when a cluster judges, since the nodes have their own sandboxes.
    """
    from autograder.judge.sandbox import Bubblewrap, find_sandbox

    if scheduler is not None and not unsandboxed:
        return Bubblewrap()
    return find_sandbox(unsandboxed=unsandboxed)


@contextmanager
def _going_on_later() -> Iterator[None]:
    """On Ctrl-C, say that nothing is lost, and exit."""
    try:
        yield
    except KeyboardInterrupt:
        errors.print("Stopped. What was graded is kept; the same command goes on from there.")
        raise typer.Exit(130) from None
