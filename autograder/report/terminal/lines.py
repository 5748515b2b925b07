"""Lines that are printed as they are: nothing in them is markup, and no word is coloured."""

from __future__ import annotations

from rich.console import Console


def say(console: Console, line: str) -> None:
    """Print a line, which the terminal may wrap."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
