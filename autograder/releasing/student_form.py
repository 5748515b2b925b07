"""Makes the notebook that students get from nbgrader's source form, by nbgrader's own steps."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearSolutions
from nbgrader.utils import capture_log
from traitlets.config import Config

from autograder.course import Assignment, Course
from autograder.course.solutions import BEGIN, END, INDENT
from autograder.environment import put_tools_on_path

STUB = "raise NotDoneYet"
WRITTEN_STUB = "YOUR ANSWER HERE"
METHODS_STUB = "# methods of your own, if you want any"
HERE = __name__


class ClearMarkedSolutions(ClearSolutions):
    """nbgrader's ClearSolutions, extended to solutions that are whole methods.

    A solution between the methods of a class is replaced by a comment, since a `raise` in that
    place would run when the class is defined.
    """

    def _replace_solution_region(self, cell: nbformat.NotebookNode, language: str) -> bool:
        """Replace the regions between methods, then the regions that nbgrader itself replaces."""
        found = False
        if cell.cell_type == "code":
            cell.source, found = _without_marked_methods(cell.source)
        return bool(super()._replace_solution_region(cell, language)) or found


def configure_release(c: Config, course: Course) -> None:
    """Set nbgrader up to make the notebooks that students get."""
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.course_id = course.course_id
    c.CourseDirectory.source_directory = course.notebooks_name
    c.ClearSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = WRITTEN_STUB
    c.GenerateAssignment.preprocessors = [
        "nbgrader.preprocessors.IncludeHeaderFooter",
        "nbgrader.preprocessors.LockCells",
        f"{HERE}.{ClearMarkedSolutions.__name__}",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.CheckCellMetadata",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.SaveCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]


def generate_assignment(course: Course, assignment: Assignment) -> nbformat.NotebookNode:
    """Run nbgrader's generate_assignment, which also enters the assignment into the gradebook.

    Returns:
        The notebook that students get, which nbgrader also writes to `release/`.

    Raises:
        RuntimeError: nbgrader failed; the message has its log.
    """
    put_tools_on_path()  # nbgrader starts alembic by its name
    config = Config()
    configure_release(config, course)
    converter = GenerateAssignment(
        coursedir=CourseDirectory(config=config, assignment_id=assignment.name), config=config
    )
    converter.force = True
    outcome = capture_log(converter)
    if not outcome["success"]:
        log = "\n".join(filter(None, [outcome.get("log"), outcome.get("error")]))
        raise RuntimeError(f"nbgrader could not make the release of {assignment.name}:\n{log}")
    notebook = nbformat.read(released_notebook(course, assignment), as_version=4)
    notebook.metadata.pop("course", None)
    return notebook


def released_notebook(course: Course, assignment: Assignment) -> Path:
    """Return the path of the notebook that students get, as nbgrader keeps it."""
    return course.root / "release" / assignment.name / assignment.ipynb.name


def grade_id_of(cell: nbformat.NotebookNode) -> str:
    """Return nbgrader's name of a cell, or ""."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _without_marked_methods(source: str) -> tuple[str, bool]:
    """Replace marked regions between the methods of a class by a comment.

    Returns:
        The source, and whether it had such regions.
    """
    if not re.search(rf"^{INDENT}{BEGIN}$", source, flags=re.MULTILINE):
        return source, False
    if not isinstance(ast.parse(source).body[-1], ast.ClassDef):
        return source, False
    region = rf"^{INDENT}{BEGIN}\n(?:.*\n)*?{INDENT}{END}$"
    return re.sub(region, INDENT + METHODS_STUB, source, flags=re.MULTILINE), True
