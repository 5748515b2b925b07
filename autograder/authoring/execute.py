"""Runs a notebook top to bottom in a clean kernel."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

CELL_SECONDS = 300
QUICK = "COURSE_QUICK"
"""Environment variable of a rehearsal."""

OnCell = Callable[[str, int, int], None]
"""Told before each cell: its id, how many are done, and of how many."""


@dataclass(frozen=True)
class Run:
    """What happened.

    Attributes:
        seconds: wall-clock time, kernel start included.
        errors: cell id and error of each cell that raised, in order.
    """

    seconds: float
    errors: tuple[tuple[str, str], ...]

    @property
    def summary(self) -> str:
        """The errors in one line each."""
        if not self.errors:
            return "ran to the end without an error"
        return "\n".join(f"{cell}: {error}" for cell, error in self.errors)


def execute_notebook(
    source: Path,
    target: Path,
    *,
    working_folder: Path | None = None,
    import_from: Sequence[Path] = (),
    limit: float | None = None,
    on_cell: OnCell | None = None,
    quick: bool = False,
) -> Run:
    """Run a notebook; every cell runs, also after one that raised.

    Args:
        source: the notebook, left as it is.
        target: where the executed notebook is written.
        working_folder: the kernel's; by default the notebook's own.
        import_from: folders that the kernel imports from, before those of this environment.
        limit: seconds after which the run is stopped; a cell has `CELL_SECONDS` in any case.
        on_cell: is told how far the run is.
        quick: set `COURSE_QUICK`, at which a notebook that trains takes a few steps only.
    """
    notebook = nbformat.read(source, as_version=4)
    # On busy cores waiting threads that spin make training several times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    began = time.perf_counter()

    def seconds_for(cell: nbformat.NotebookNode) -> float:
        left = CELL_SECONDS if limit is None else limit - (time.perf_counter() - began)
        return max(1.0, min(CELL_SECONDS, left))

    def announce(cell: nbformat.NotebookNode, cell_index: int) -> None:
        if on_cell is not None:
            on_cell(cell.get("id", "?"), cell_index, len(notebook.cells))

    client = NotebookClient(
        notebook,
        timeout_func=seconds_for,
        startup_timeout=CELL_SECONDS,  # a busy machine may take longer than the default minute
        kernel_name="python3",
        allow_errors=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(working_folder or source.parent)}},
        on_cell_start=announce,
    )
    failure: tuple[tuple[str, str], ...] = ()
    try:
        client.execute(env=_environment(import_from) | ({QUICK: "1"} if quick else {}))
    except (CellTimeoutError, DeadKernelError) as error:
        failure = (("the kernel", str(error).strip().splitlines()[0]),)
    seconds = time.perf_counter() - began
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    return Run(seconds, (*errors_of(notebook), *failure))


def _environment(import_from: Sequence[Path]) -> dict[str, str]:
    paths = [*map(str, import_from), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def errors_of(notebook: nbformat.NotebookNode) -> tuple[tuple[str, str], ...]:
    """Cell id and error of each cell that raised."""
    return tuple(
        (cell.get("id", "?"), f"{output.ename}: {output.evalue}")
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "error"
    )
