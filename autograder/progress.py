"""Shows a progress bar while a class is graded."""

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
    """Show a progress bar, with the time left, until the block ends.

    The block gets a function that updates the bar. Its arguments are the id of a student, the
    number of submissions that are done, and the number of all.

    A thread draws the bar. The thread starts at the first update, and so after the processes that
    judge were forked. A process that is forked later could inherit a lock that the thread holds.
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
