"""Prints lines unchanged, without reading markup and without colour."""

from __future__ import annotations

from rich.console import Console


def say(console: Console, line: str) -> None:
    """Print a line unchanged; the terminal may wrap it."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
