"""A progress bar for grading a class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(console: Console, title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar with time left; the block gets a function that takes (student, done, of how many)."""
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def show(student: str, done: int, total: int) -> None:
            bar.update(task, description=f"{title}: {student}", completed=done, total=total)

        yield show
