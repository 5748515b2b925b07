"""Measure the reference library against its peers and print the ratios."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import (
    crossing,
    grading,
    hamming,
    hnsw,
    mining,
    pairwise,
    sampling,
    scale,
    search,
    smooth_ap,
    training,
)
from benchmarks.harness import Comparison, environment

SUBJECTS = {
    "mining": mining,
    "pairwise": pairwise,
    "search": search,
    "hnsw": hnsw,
    "sampling": sampling,
    "smooth_ap": smooth_ap,
    "hamming": hamming,
    "scale": scale,
    "training": training,
    "grading": grading,
}
ON_REQUEST = {"crossing": crossing}
"""What takes so long that it runs only when it is named."""


def main() -> None:
    """Run the subjects asked for, print a table for each and a Markdown report if wanted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    every = {**SUBJECTS, **ON_REQUEST}
    parser.add_argument(
        "subjects",
        nargs="*",
        metavar="SUBJECT",
        help=f"any of {', '.join(every)}; default all but {', '.join(ON_REQUEST)}",
    )
    parser.add_argument("--repeats", type=int, default=9, help="turns of each contestant")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="also write the tables there; with SUBJECTs, only theirs are replaced in it",
    )
    arguments = parser.parse_args()
    chosen = arguments.subjects or list(SUBJECTS)
    unknown = set(chosen) - set(every)
    if unknown:
        parser.error(f"no subject {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    if arguments.repeats < 1:
        parser.error("--repeats must be at least 1")

    console = Console()
    console.print(environment())
    comparisons = []
    for name in track(chosen, description="Measuring", console=console, transient=True):
        for comparison in every[name].measure(arguments.repeats):
            comparisons.append(comparison)
            print_comparison(comparison, console)
            if arguments.markdown is not None and arguments.subjects:
                refresh(arguments.markdown, [comparison])  # at once: the next may take long
    if arguments.markdown is not None and not arguments.subjects:
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


def refresh(file: Path, comparisons: Iterable[Comparison]) -> None:
    """Replace tables in a file, which is made when missing."""
    page = as_markdown(comparisons)
    if file.is_file():
        page = refreshed(file.read_text(encoding="utf-8"), page)
    file.write_text(page, encoding="utf-8")


def refreshed(page: str, newer: str) -> str:
    """A page of tables with those of a newer page in their places, or at the end."""
    sections, replacements = _sections(page), _sections(newer)
    del replacements[""]  # its heading; the page keeps its own
    return "\n\n".join(text.strip() for text in {**sections, **replacements}.values()) + "\n"


def _sections(page: str) -> dict[str, str]:
    """The parts of a page by their heading; what stands before the first one by ""."""
    sections: dict[str, str] = {"": ""}
    heading = ""
    for line in page.splitlines(keepends=True):
        if line.startswith("## "):
            heading = line
        sections[heading] = sections.get(heading, "") + line
    return sections


def _cells(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    return [
        (row.name, _duration(row.seconds), f"{comparison.ratio(row.name):.2f}", row.remark)
        for row in comparison.rows
    ]


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


if __name__ == "__main__":
    main()
