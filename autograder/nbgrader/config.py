"""Configures nbgrader so that a checkout is a course that the judge grades."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbgrader
from jupyter_server.serverapp import ServerApp
from traitlets.config import Application, Config

from autograder.course import Course
from autograder.environment import put_tools_on_path
from autograder.gradebook.database import gradebook_url, require_whole_gradebook
from autograder.releasing.student_form import configure_release
from autograder.submissions.submitted import check_submitted

SUBMITTED = "submitted"
REFUSED = "submitted-is-refused-see-the-log-of-the-server"
HERE = __name__.rpartition(".")[0]
TEMPLATES = Path(__file__).resolve().parent / "templates"
NBGRADER_TEMPLATES = Path(nbgrader.__file__).parent / "server_extensions/formgrader/templates"


def running_server() -> ServerApp | None:
    """Return the Jupyter server of this process; None in nbgrader's own commands."""
    running = Application.instance() if Application.initialized() else None
    return running if isinstance(running, ServerApp) else None


def configure(
    c: Config,
    root: Path | None = None,
    *,
    find_server: Callable[[], ServerApp | None] = running_server,
) -> None:
    """Set nbgrader up for the course around a folder.

    A running Jupyter server does not stop when a file in `submitted/` is refused. Its formgrader
    finds no submissions until the file is removed.

    Args:
        c: nbgrader's configuration, which is changed.
        root: a folder in the course; default the working directory.
        find_server: gives the Jupyter server that this process is, or None.

    Raises:
        SystemExit: something is wrong with the course, its gradebook or `submitted/`. nbgrader
            would only log any other exception, go on with its own settings and run submissions
            in an ordinary kernel.
    """
    try:
        course = Course.find(root)
        put_tools_on_path()
        require_whole_gradebook(course)
        grade_with_the_judge(c, course)
        try:
            check_submitted(course)
        except ValueError as error:
            server = find_server()
            if server is None:
                raise
            server.log.error("nbgrader_config.py: %s", error)
            c.CourseDirectory.submitted_directory = REFUSED
    except Exception as error:
        raise SystemExit(f"nbgrader_config.py: {error}") from error


def grade_with_the_judge(c: Config, course: Course) -> None:
    """Set nbgrader up to release, grade with the judge and write feedback."""
    configure_release(c, course)
    c.CourseDirectory.db_url = gradebook_url(course)
    c.CourseDirectory.submitted_directory = SUBMITTED
    c.Autograde.exporter_class = f"{HERE}.exporter.SubmissionExporter"
    # CheckCellMetadata is left out: cells have the metadata of the release, which are checked when
    # the submission is grafted.
    c.Autograde.sanitize_preprocessors = [
        f"{HERE}.preprocessors.GraftStudentCells",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
    ]
    c.Autograde.autograde_preprocessors = [
        f"{HERE}.preprocessors.JudgeExercises",
        f"{HERE}.preprocessors.SaveVerdicts",
        f"{HERE}.late.EnterDueDate",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]
    c.AssignLatePenalties.plugin_class = f"{HERE}.late.LatePenalty"
    c.GenerateFeedback.preprocessors = [
        f"{HERE}.feedback.ShowGrades",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    c.HTMLExporter.extra_template_basedirs = [str(TEMPLATES), str(NBGRADER_TEMPLATES)]
