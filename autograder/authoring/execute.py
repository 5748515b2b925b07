"""Runs a notebook from top to bottom in a clean kernel."""

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
"""Name of the environment variable that is set in a rehearsal."""

OnCell = Callable[[str, int, int], None]
"""A function that is called before each cell with its id, and the numbers of done and all cells."""


@dataclass(frozen=True)
class Run:
    """The run of a notebook.

    Attributes:
        seconds: wall-clock seconds of the run, including the start of the kernel.
        errors: id and error of each cell that raised an exception, in order.
    """

    seconds: float
    errors: tuple[tuple[str, str], ...]

    @property
    def summary(self) -> str:
        """The errors, with a line for each."""
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
    """Run a notebook; all cells run, even after a cell that raises.

    Args:
        source: path of the notebook, which is not changed.
        target: path that the executed notebook is written to.
        working_folder: working folder of the kernel; by default the notebook's folder.
        import_from: folders that the kernel imports from first.
        limit: seconds after which the run is stopped; no cell gets more than `CELL_SECONDS`.
        on_cell: called before each cell.
        quick: whether to set `COURSE_QUICK`, which makes a notebook that trains take only a few
            steps.
    """
    notebook = nbformat.read(source, as_version=4)
    # On busy cores, threads that spin while they wait make training several times slower.
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
    """Return id and error of each cell that raised an exception."""
    return tuple(
        (cell.get("id", "?"), f"{output.ename}: {output.evalue}")
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "error"
    )
