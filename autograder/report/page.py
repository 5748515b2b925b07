"""The class report: one HTML file that needs nothing else, for instructors and assistants."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.course import Assignment, Course
from autograder.gradebook.feedback import feedback_page
from autograder.gradebook.grading import Status, class_grades
from autograder.report.summary import BANDS, band, findings, unpassed
from autograder.student.rendering import WORDS

NAME = "class-report.html"
TEMPLATES = Path(__file__).resolve().parent / "templates"


def write_report(course: Course, assignments: Iterable[Assignment], folder: Path) -> Path:
    """Write the class report on some assignments.

    It holds full messages of hidden tests: it is not for students.

    Args:
        folder: where the page goes; it links to feedback pages relative to it.

    Returns:
        The page.
    """
    chosen = list(assignments)
    found = [findings(course, each, class_grades(course, each)) for each in chosen]
    links = {
        (each.name, line.student): Path(os.path.relpath(page, folder)).as_posix()
        for each, finding in zip(chosen, found, strict=True)
        for line in finding.grades.students
        if (page := feedback_page(course, each, line.student)).is_file()
    }
    html = (
        _environment()
        .get_template("report.html.j2")
        .render(
            course=course,
            findings=found,
            links=links,
            bands=BANDS,
            written=datetime.now().astimezone(),
        )
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    fresh = path.with_suffix(".tmp")
    fresh.write_text(html, encoding="utf-8")
    os.chmod(fresh, 0o600)
    fresh.replace(path)
    return path


def _environment() -> Environment:
    """Templates in which everything is escaped, and nothing may be missing."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(Status=Status, band=band, unpassed=unpassed, WORDS=WORDS)
    environment.filters["points"] = _points
    environment.filters["breakable"] = _breakable
    return environment


def _points(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{round(value, 2):g}"


def _breakable(name: str) -> Markup:
    """A long name that may be broken after an underscore."""
    return Markup("_<wbr>").join(name.split("_"))
