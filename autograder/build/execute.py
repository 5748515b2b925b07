"""Runs a notebook top to bottom in a clean kernel."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

CELL_SECONDS = 300


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


def execute_notebook(source: Path, target: Path, *, working_folder: Path | None = None) -> Run:
    """Run a notebook; every cell runs, also after one that raised.

    Args:
        source: the notebook, left as it is.
        target: where the executed notebook is written.
        working_folder: the kernel's; by default the notebook's own.
    """
    notebook = nbformat.read(source, as_version=4)
    # On busy cores waiting threads that spin make training several times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        allow_errors=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(working_folder or source.parent)}},
    )
    began = time.perf_counter()
    failure: tuple[tuple[str, str], ...] = ()
    try:
        client.execute()
    except (CellTimeoutError, DeadKernelError) as error:
        failure = (("the kernel", str(error).strip().splitlines()[0]),)
    seconds = time.perf_counter() - began
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    return Run(seconds, (*errors_of(notebook), *failure))


def errors_of(notebook: nbformat.NotebookNode) -> tuple[tuple[str, str], ...]:
    """Cell id and error of each cell that raised."""
    return tuple(
        (cell.get("id", "?"), f"{output.ename}: {output.evalue}")
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "error"
    )
