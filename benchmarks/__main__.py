"""Measure the reference library against its peers and print the ratios."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import grading, mining, pairwise, sampling, search, training
from benchmarks.harness import Comparison, environment

SUBJECTS = {
    "mining": mining,
    "pairwise": pairwise,
    "search": search,
    "sampling": sampling,
    "training": training,
    "grading": grading,
}


def main() -> None:
    """Run the subjects asked for, print a table for each and a Markdown report if wanted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "subjects", nargs="*", metavar="SUBJECT", help=f"any of {', '.join(SUBJECTS)}; default all"
    )
    parser.add_argument("--repeats", type=int, default=9, help="turns of each contestant")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables there")
    arguments = parser.parse_args()
    chosen = arguments.subjects or list(SUBJECTS)
    unknown = set(chosen) - set(SUBJECTS)
    if unknown:
        parser.error(f"no subject {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    if arguments.repeats < 1:
        parser.error("--repeats must be at least 1")

    console = Console()
    console.print(environment())
    comparisons = []
    for name in track(chosen, description="Measuring", console=console, transient=True):
        for comparison in SUBJECTS[name].measure(arguments.repeats):
            comparisons.append(comparison)
            print_comparison(comparison, console)
    if arguments.markdown is not None:
        arguments.markdown.write_text(as_markdown(comparisons), encoding="utf-8")


def print_comparison(comparison: Comparison, console: Console) -> None:
    """One table: contestants, medians, how many times as long as ours, and the claims below."""
    table = Table(title=comparison.title, title_justify="left", title_style="bold")
    table.add_column("contestant", overflow="fold")
    table.add_column("median", justify="right")
    table.add_column(f"time / {comparison.ours}", justify="right")
    table.add_column("remark")
    for cells in _cells(comparison):
        table.add_row(*cells)
    console.print(table)
    for claim in comparison.claims:
        verdict = "[green]holds[/]" if claim.holds else "[red]DOES NOT HOLD[/]"
        console.print(f"  {verdict}: {claim.target}: {claim.measured}", highlight=False)
    console.print()


def as_markdown(comparisons: Iterable[Comparison]) -> str:
    """The same tables as Markdown."""
    lines = ["# Benchmarks", "", environment(), ""]
    for comparison in comparisons:
        lines += [f"## {comparison.title}", ""]
        lines += [
            f"| contestant | median | time / {comparison.ours} | remark |",
            "|---|---:|---:|---|",
        ]
        lines += [f"| {' | '.join(cells)} |" for cells in _cells(comparison)]
        lines.append("")
        lines += [
            f"- {'holds' if claim.holds else '**does not hold**'}: {claim.target}: {claim.measured}"
            for claim in comparison.claims
        ]
        lines.append("")
    return "\n".join(lines)


def _cells(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    return [
        (row.name, _duration(row.seconds), f"{comparison.ratio(row.name):.2f}", row.remark)
        for row in comparison.rows
    ]


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


if __name__ == "__main__":
    main()
