"""The `course` command: what instructors and authors type."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from autograder.course import Course, importable
from autograder.environment import put_tools_on_path

app = typer.Typer(
    help="Build, release, grade and look after a course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
errors = Console(stderr=True)

Prefix = Annotated[str, typer.Argument(help="an assignment, by a unique prefix such as 02")]
Prefixes = Annotated[
    list[str] | None, typer.Argument(help="assignments, by unique prefixes; default all")
]
UnsandboxedOption = Annotated[
    bool,
    typer.Option("--unsandboxed", help="run submissions without a sandbox: trusted work only"),
]


def main() -> None:
    """Run the command; a mistake of the user's is one clear line, not a stack."""
    put_tools_on_path()
    try:
        course = Course.find()
        _add_data_commands(course)
        app()
    except (ValueError, LookupError, OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("COURSE_DEBUG"):
            raise
        said: object = error
        if isinstance(error, OSError) and error.filename and error.strerror:
            said = f"{error.filename}: {error.strerror}"
        errors.print(f"course: {said}", style="bold", markup=False, highlight=False)
        raise SystemExit(2) from None


def _add_data_commands(course: Course) -> None:
    """`course data ...` is the course's own: this kit knows nothing of its data."""
    if not (course.data / "cli.py").is_file():
        return
    with importable(course.root):
        commands = importlib.import_module(f"{course.data_name}.cli")
    app.add_typer(commands.app, name="data", help="Put a data set on disk.")


@app.command()
def notebooks(
    check: Annotated[bool, typer.Option("--check", help="only say which are stale")] = False,
) -> None:
    """Build the notebooks from their text sources."""
    from autograder.build.notebook import build_notebooks

    course = Course.find()
    changed = build_notebooks(course, check=check)
    for path in changed:
        console.print(f"{'stale' if check else 'built'}: {path.relative_to(course.root)}")
    if check and changed:
        errors.print("Run `make notebooks` and commit what it writes.")
        raise typer.Exit(1)
    if not changed:
        console.print("All notebooks are up to date.")


@app.command()
def check(
    exercise: Annotated[str, typer.Argument(help="id of the exercise")],
    answer: Annotated[Path, typer.Option(help="a Python file that defines it")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    unsandboxed: UnsandboxedOption = False,
) -> None:
    """Run all tests of an exercise, hidden ones too, on an answer in a Python file.

    For authors. Exits with 0 whenever there is a verdict, and with 1 when the grader itself failed.
    """
    from autograder.judge.grading import Judge
    from autograder.judge.sandbox import find_sandbox
    from autograder.student.rendering import text

    course = Course.find()
    judge = Judge(course, find_sandbox(unsandboxed=unsandboxed))
    graded = judge.grade_answer(exercise, answer)
    if as_json:
        print(json.dumps(graded.result.to_json(), indent=2))
    else:
        console.print(text(graded.result), markup=False, highlight=False)
        for note in (*graded.repairs, *graded.notes):
            console.print(f"  note: {note}", markup=False, highlight=False)
    if graded.result.points is None:
        raise typer.Exit(1)


@app.command()
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
    from autograder.build.release import release as write_release

    course = Course.find()
    for assignment in _chosen(course, prefixes):
        archive = write_release(
            course, assignment.name, reveal=tuple(reveal or ()), out=out, replace=replace
        )
        console.print(f"{assignment.name}: {archive}", markup=False, highlight=False)


@app.command("verify-release")
def verify_release(
    archive: Annotated[Path, typer.Argument(help="the zip or folder of a release")],
) -> None:
    """Prove that a release gives nothing away, and that it works."""
    from autograder.build.verify import verify_release as verify

    report = verify(Course.find(), archive)
    console.print(str(report), markup=False, highlight=False)
    if not report.clean:
        raise typer.Exit(1)


@app.command()
def submit(
    prefix: Prefix,
    student: Annotated[str, typer.Option(help="your id, where the course asks for it")] = "",
) -> None:
    """Run an assignment's public checks in a clean kernel and pack it to hand in."""
    from autograder.student.submit import submit as pack

    console.print(str(pack(prefix, student=student)), markup=False, highlight=False)


@app.command()
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


@app.command()
def collect(
    source: Annotated[Path, typer.Argument(help="a folder or zip of submissions")],
    prefix: Prefix,
) -> None:
    """Take submissions in: regular files only, within limits."""
    from autograder.gradebook.intake import collect as take_in

    course = Course.find()
    report = take_in(course, source, course.assignment(prefix))
    console.print(str(report), markup=False, highlight=False)


@app.command()
def grade(
    prefixes: Prefixes = None,
    student: Annotated[list[str] | None, typer.Option(help="only these students")] = None,
    jobs: Annotated[int, typer.Option(help="processes that judge; default one a core")] = 0,
    again: Annotated[
        bool, typer.Option("--again", help="also what is graded already, with the same tests")
    ] = False,
    pages: Annotated[
        bool, typer.Option("--pages/--no-pages", help="write feedback pages and class report")
    ] = True,
    unsandboxed: UnsandboxedOption = False,
) -> None:
    """Grade a class, print the gradebook, write feedback pages and the class report.

    What is graded already, with the same tests, stays: a run that was stopped goes on.
    """
    from joblib import cpu_count

    from autograder.gradebook.feedback import write_feedback
    from autograder.gradebook.grading import grade_class, print_table
    from autograder.judge.sandbox import find_sandbox
    from autograder.progress import progress_bar
    from autograder.report.page import write_report

    course = Course.find()
    sandbox = find_sandbox(unsandboxed=unsandboxed)
    complete = True
    graded = []
    for assignment in _chosen(course, prefixes):
        with progress_bar(console, assignment.name) as progress, _going_on_later():
            grades = grade_class(
                course,
                assignment,
                sandbox=sandbox,
                students=student,
                progress=progress,
                jobs=jobs or cpu_count(),
                again=again,
            )
        print_table(grades, console)
        if pages:
            write_feedback(course, assignment, students=student)
        graded.append(assignment)
        complete &= grades.complete
    if pages:
        page = write_report(course, graded, course.root / "reports")
        console.print(f"Class report: {page}", markup=False, highlight=False)
    if not complete:
        errors.print("Something was not graded, by the grader's own fault: see the report.")
        raise typer.Exit(1)


@app.command()
def feedback(
    prefixes: Prefixes = None,
    student: Annotated[list[str] | None, typer.Option(help="only these students")] = None,
) -> None:
    """Write the feedback pages again, for example after points were given by hand."""
    from autograder.gradebook.feedback import write_feedback

    course = Course.find()
    failed = False
    for assignment in _chosen(course, prefixes):
        written = write_feedback(course, assignment, students=student)
        console.print(f"{assignment.name}: {len(written.pages)} pages under feedback/")
        for name, problem in written.problems.items():
            errors.print(f"{name}: {problem}", markup=False, highlight=False)
        failed |= bool(written.problems)
    if failed:
        raise typer.Exit(1)


@app.command()
def report(
    prefixes: Prefixes = None,
    to: Annotated[Path | None, typer.Option(help="folder; default reports/")] = None,
) -> None:
    """Write the class report from what is graded; nothing is graded again."""
    from autograder.report.page import write_report

    course = Course.find()
    page = write_report(course, _chosen(course, prefixes), to or course.root / "reports")
    console.print(f"Class report: {page}", markup=False, highlight=False, soft_wrap=True)


@app.command()
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


@app.command()
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


@app.command()
def questions(
    prefix: Prefix,
    to: Annotated[Path | None, typer.Option(help="folder; default reports/")] = None,
    names: Annotated[bool, typer.Option("--names", help="say whose answers they are")] = False,
    server: Annotated[
        str, typer.Option(help="where Jupyter runs, for links to the formgrader")
    ] = "http://localhost:8888",
) -> None:
    """Write a page of each written question with rubric, model answer and everybody's answers."""
    from autograder.report.questions import write_questions

    course = Course.find()
    folder = to or course.root / "reports"
    page = write_questions(course, course.assignment(prefix), folder, names=names, server=server)
    console.print(str(page), markup=False, highlight=False, soft_wrap=True)


@app.command()
def reference(
    prefixes: Prefixes = None,
    to: Annotated[Path | None, typer.Option(help="folder for the executed notebooks")] = None,
) -> None:
    """Run the reference notebooks, top to bottom."""
    from autograder.build.execute import execute_notebook

    course = Course.find()
    folder = to or course.state / "reference"
    table = Table("notebook", "seconds", "what happened", title="Reference notebooks")
    failed = False
    for assignment in _chosen(course, prefixes):
        with console.status(f"Running {assignment.name} ..."):
            run = execute_notebook(assignment.ipynb, folder / f"{assignment.name}.ipynb")
        table.add_row(assignment.name, f"{run.seconds:.1f}", run.summary)
        failed |= bool(run.errors)
    console.print(table)
    if failed:
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Say what this machine has, and how to mend what is missing."""
    from autograder.doctor import examine

    table = Table("", "subject", "found", "needed for")
    remedies = []
    for finding in examine(Course.find()):
        table.add_row(
            "ok" if finding.healthy else "MISSING",
            finding.subject,
            finding.state,
            finding.needed_for,
        )
        if not finding.healthy:
            remedies.append(f"{finding.subject}: {finding.remedy}")
    console.print(table)
    for remedy in remedies:
        console.print(remedy, markup=False, highlight=False)
    if remedies:
        raise typer.Exit(1)


@app.command()
def demo() -> None:
    """Grade a small class of sample submissions, from data to report."""
    from autograder.demo import run_demo

    run_demo(Course.find(), console)


@app.command()
def lab() -> None:
    """Start JupyterLab with nbgrader's extensions, in the course's folder."""
    course = Course.find()
    command = [sys.executable, "-m", "jupyterlab", "--notebook-dir", str(course.root)]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    raise typer.Exit(subprocess.run(command, cwd=course.root, check=False).returncode)


@contextmanager
def _going_on_later() -> Iterator[None]:
    """Say at Ctrl-C that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        errors.print("Stopped. What was graded is kept; the same command goes on from there.")
        raise typer.Exit(130) from None


def _chosen(course: Course, prefixes: list[str] | None) -> list:
    if not prefixes:
        return course.assignments()
    return [course.assignment(prefix) for prefix in prefixes]


if __name__ == "__main__":
    main()
