"""Lets a damaged notebook file through nbgrader, so that it is graded and not dropped."""

from __future__ import annotations

import warnings
from typing import IO, Any

import nbformat
from nbconvert.exporters import NotebookExporter

from autograder.nbgrader.preprocessors import GraftStudentCells


class SubmissionExporter(NotebookExporter):
    """Leaves a submission to the first preprocessor, which reads it within bounds.

    A file that is no notebook is read as an empty one.
    """

    def from_file(
        self, file_stream: IO[str], resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Convert a notebook, empty if it cannot be read."""
        if any(isinstance(each, GraftStudentCells) for each in self._preprocessors):
            return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **kw)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # duplicated ids and the like: grafting mends them
                notebook = nbformat.read(file_stream, as_version=4)
        except Exception:
            notebook = nbformat.v4.new_notebook()
        return self.from_notebook_node(notebook, resources=resources, **kw)
