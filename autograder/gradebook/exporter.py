"""Lets a damaged notebook file through nbgrader, so that it is graded and not dropped."""

from __future__ import annotations

import warnings
from typing import IO, Any

import nbformat
from nbconvert.exporters import NotebookExporter


class SubmissionExporter(NotebookExporter):
    """Reads a file that is no notebook as an empty one.

    The first preprocessor reads the submission again by itself, and says what is wrong with it.
    """

    def from_file(
        self, file_stream: IO[str], resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Convert a notebook, empty if it cannot be read."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # duplicated ids and the like: grafting mends them
                notebook = nbformat.read(file_stream, as_version=4)
        except Exception:
            notebook = nbformat.v4.new_notebook()
        return self.from_notebook_node(notebook, resources=resources, **kw)
