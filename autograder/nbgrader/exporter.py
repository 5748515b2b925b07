"""Lets a damaged notebook file pass through nbgrader, which would otherwise not grade it."""

from __future__ import annotations

import warnings
from typing import IO, Any

import nbformat
from nbconvert.exporters import NotebookExporter

from autograder.nbgrader.preprocessors import GraftStudentCells


class SubmissionExporter(NotebookExporter):
    """An exporter that leaves reading a submission to the first preprocessor.

    That preprocessor reads the file within limits. A file that is no notebook is converted as an
    empty notebook.
    """

    def from_file(
        self, file_stream: IO[str], resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Convert a notebook file; one that cannot be read is converted as an empty notebook."""
        if any(isinstance(each, GraftStudentCells) for each in self._preprocessors):
            return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **kw)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # grafting mends duplicated ids and the like
                notebook = nbformat.read(file_stream, as_version=4)
        except Exception:
            notebook = nbformat.v4.new_notebook()
        return self.from_notebook_node(notebook, resources=resources, **kw)
