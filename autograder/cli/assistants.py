"""Commands for assistants, who also use the formgrader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.cli.shared import (
    ASSISTANTS,
    Prefix,
    Prefixes,
    UnsandboxedOption,
    chosen,
    console,
    writes,
)
from autograder.course import Course

commands = typer.Typer()


@commands.command(rich_help_panel=ASSISTANTS)
def check(
    exercise: Annotated[str, typer.Argument(help="id of the exercise")],
    answer: Annotated[Path | None, typer.Option(help="a Python file that defines it")] = None,
    variant: Annotated[
        str | None, typer.Option(help="or one of its variants; `course variant ID` lists them")
    ] = None,
    artifact: Annotated[
        Path | None, typer.Option(help="the file handed in with it; default the reference's")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    unsandboxed: UnsandboxedOption = False,
) -> None:
    """Run all tests of an exercise, hidden ones too, on an answer: a Python file, or a variant.

    For authors. Exits with 0 whenever there is a verdict, and with 1 when the grader itself failed.
    """
    from autograder.course.variants import find_variant
    from autograder.judge.grading import Judge
    from autograder.judge.sandbox import find_sandbox
    from autograder.student.rendering import text

    if (answer is None) == (variant is None):
        raise ValueError("say what to check: either --answer FILE or --variant NAME")
    course = Course.find()
    if answer is not None:
        source = answer.read_text(encoding="utf-8")
    else:
        source = find_variant(course.exercise(exercise), variant or "").source
    judge = Judge(course, find_sandbox(unsandboxed=unsandboxed))
    graded = judge.grade_source(exercise, source, artifact=artifact)
    if as_json:
        print(json.dumps(graded.result.to_json(), indent=2))
    else:
        console.print(text(graded.result), markup=False, highlight=False)
        for note in (*graded.repairs, *graded.notes):
            console.print(f"  note: {note}", markup=False, highlight=False)
    if graded.result.points is None:
        raise typer.Exit(1)


@commands.command(rich_help_panel=ASSISTANTS)
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


def _decides(options: dict[str, Any]) -> bool:
    """Return whether `course repairs` keeps a decision; otherwise it only shows repairs."""
    return any(
        options[name] not in (None, False) for name in ("accept", "use", "no_answer", "undo")
    )


@commands.command(rich_help_panel=ASSISTANTS)
@writes(when=_decides)
def repairs(
    prefix: Prefix,
    student: Annotated[str | None, typer.Argument(help="id: show this student's cells")] = None,
    exercise: Annotated[str | None, typer.Argument(help="id of the exercise")] = None,
    accept: Annotated[bool, typer.Option("--accept", help="accept the repair")] = False,
    use: Annotated[
        str | None, typer.Option(help="numbers of the cells that are the answer, such as 4 or 4,5")
    ] = None,
    no_answer: Annotated[bool, typer.Option("--none", help="there is no answer")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="take the decision back")] = False,
) -> None:
    """List what was repaired in damaged notebooks; accept a repair, or override it.

    An override counts when the work is next graded: course grade, or course regrade to see first
    what it changes. Points given by hand always stand.
    """
    from autograder.regrading import repairs as found
    from autograder.report.terminal.repairs import print_cells, print_repairs
    from autograder.submissions import decisions

    course = Course.find()
    assignment = course.assignment(prefix)
    if student is None or exercise is None:
        if accept or no_answer or undo or use is not None:
            raise ValueError("say whose repair, and of which exercise")
        print_repairs(
            [
                each
                for each in found.repairs_of(course, assignment)
                if student in (None, each.student)
            ],
            assignment,
            console,
        )
        return
    if accept + no_answer + undo + (use is not None) > 1:
        raise ValueError("choose one of --accept, --use, --none and --undo")
    if accept:
        found.accept(course, assignment, student, exercise)
    elif undo:
        decisions.undo(course, assignment, student, exercise)
    elif no_answer or use is not None:
        cells = [] if use is None else _numbers(use)
        found.override(course, assignment, student, exercise, cells)
    else:
        print_cells(course, assignment, student, exercise, console)
        return
    if not accept:
        again = f"course regrade {assignment.number} --student {student}"
        console.print(f"Kept; it counts when the work is graded again. To see it: {again}")


@commands.command("verify-grade", rich_help_panel=ASSISTANTS)
def verify_grade(
    student: Annotated[str, typer.Argument(help="id of the student")],
    prefix: Prefix,
    unsandboxed: UnsandboxedOption = False,
) -> None:
    """Grade a student's work again, and show that every verdict.json is byte-equal.

    Nothing is written. Exits with 1, and shows what differs, where a grade does not hold.
    """
    from autograder.judge.grading import Judge
    from autograder.judge.sandbox import find_sandbox
    from autograder.regrading.verifying import verify_grade as verify
    from autograder.report.terminal.changes import print_verified

    course = Course.find()
    sandbox = find_sandbox(unsandboxed=unsandboxed)
    with Judge(course, sandbox) as judge:
        found = verify(course, course.assignment(prefix), student, judge=judge)
    print_verified(found, console)
    if not all(each.holds for each in found):
        raise typer.Exit(1)


@commands.command(rich_help_panel=ASSISTANTS)
def reference(
    prefixes: Prefixes = None,
    to: Annotated[Path | None, typer.Option(help="folder; default .course/reference")] = None,
    limit: Annotated[
        float, typer.Option(help="seconds after which a notebook is stopped", min=1)
    ] = 900,
    points: Annotated[
        bool, typer.Option("--points/--no-points", help="grade the reference, too")
    ] = True,
) -> None:
    """Run the reference notebooks, and compare what they give with what is expected.

    Writes each as HTML with its pictures. Exits with 1 unless every figure, the time and the points
    are as expected.
    """
    from autograder.authoring.reference import run_reference
    from autograder.judge.grading import Judge
    from autograder.judge.sandbox import Bubblewrap, Unsandboxed, sandbox_problem
    from autograder.progress import progress_bar
    from autograder.report.terminal.reference import print_report

    course = Course.find()
    # The reference is the course's own code, so it may run without a sandbox.
    sandbox = Unsandboxed() if sandbox_problem() else Bubblewrap()
    good = True
    with Judge(course, sandbox) as judge:
        for assignment in chosen(course, prefixes):
            with progress_bar(console, assignment.name) as on_cell:
                report = run_reference(
                    course,
                    assignment,
                    to or course.state / "reference",
                    judge=judge if points else None,
                    limit=limit,
                    on_cell=on_cell,
                )
            print_report(report, console)
            good &= report.good
    if not good:
        raise typer.Exit(1)


def _numbers(text: str) -> list[int]:
    """Return the numbers of cells in a text such as "4,5"."""
    parts = [part.strip() for part in text.split(",")]
    if wrong := [part for part in parts if not part.isdecimal()]:
        raise ValueError(f"{wrong[0]!r} is no number of a cell: --use 4, or --use 4,5")
    return [int(part) for part in parts]
