"""A progress bar for grading a class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


@contextmanager
def progress_bar(console: Console, title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar with time left; the block gets a function that takes (student, done, of how many).

    The bar is drawn by a thread. It begins with the first call, and so after the processes that
    judge were forked, which must not inherit a lock that it holds.
    """
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=console, transient=True)
    task: TaskID | None = None

    def show(student: str, done: int, total: int) -> None:
        nonlocal task
        described = f"{title}: {student}"
        if task is None:
            task = bar.add_task(described, total=total, completed=done)
            bar.start()
        else:
            bar.update(task, description=described, completed=done)

    try:
        yield show
    finally:
        bar.stop()
