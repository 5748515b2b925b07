"""Prints the results of a run of the reference beside the expected results."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.authoring.figures import Compared
from autograder.authoring.reference import ReferenceRun

GOOD, BAD, LEFT_OUT = "[green]as expected[/]", "[bold red]not as expected[/]", "[dim]not asked[/]"


def print_report(report: ReferenceRun, console: Console) -> None:
    """Print expected results and results of the run, then errors, then the path of the page."""
    table = Table("", "expected", "got", "", title=report.assignment.name, title_justify="left")
    for each in report.compared:
        table.add_row(*_figure_row(each))
    seconds = report.expected.seconds
    table.add_row(
        "seconds",
        "any" if seconds is None else f"at most {seconds:g}",
        f"{report.run.seconds:.1f}",
        GOOD if report.in_time else f"{BAD}: is the machine busy?",
    )
    for id, graded in report.graded.items():
        points, maximum = graded.result.points, graded.result.max_points
        table.add_row(
            f"points of {id}",
            f"{maximum:g}",
            "not graded" if points is None else f"{points:g}",
            BAD if id in report.short_of_marks else GOOD,
        )
    console.print(table)
    for cell, error in report.run.errors:
        console.print(f"  [bold red]{escape(cell)}[/] raised {escape(error)}", highlight=False)
    for id in report.short_of_marks:
        for verdict in report.graded[id].result.verdicts:
            if verdict.points != verdict.max_points:
                said = escape(f"{id}: {verdict.title}: {verdict.message}")
                console.print(f"  {said}", highlight=False)
    console.print(f"  {report.page}", markup=False, highlight=False, soft_wrap=True)


def _figure_row(each: Compared) -> tuple[str, str, str, str]:
    figure = each.figure
    expected = (
        f"{figure.expected:g} ± {figure.within:g}" if figure.within else f"{figure.expected:g}"
    )
    got = "nothing said" if each.got is None else f"{each.got:g}"
    if not each.applies:
        return escape(figure.what), expected, "", f"{LEFT_OUT}: other data"
    return escape(figure.what), expected, got, GOOD if each.good else BAD
