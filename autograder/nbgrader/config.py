"""Makes a checkout an nbgrader course that grades with the judge."""

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
    """The Jupyter server that this process is; None in nbgrader's own commands."""
    running = Application.instance() if Application.initialized() else None
    return running if isinstance(running, ServerApp) else None


def configure(
    c: Config,
    root: Path | None = None,
    *,
    find_server: Callable[[], ServerApp | None] = running_server,
) -> None:
    """Set nbgrader up for the course around a folder.

    A running Jupyter server goes on when something in `submitted/` is refused: its formgrader then
    finds no submissions at all until that is mended.

    Args:
        c: nbgrader's settings.
        root: a folder in the course; default the working directory.
        find_server: gives the Jupyter server that this process is, or None.

    Raises:
        SystemExit: something is wrong with the course, its gradebook or what was handed in. Any
            other exception would only be logged: nbgrader would go on with its own settings and
            run submissions in an ordinary kernel.
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
    """nbgrader's settings for the whole way from release to feedback."""
    configure_release(c, course)
    c.CourseDirectory.db_url = gradebook_url(course)
    c.CourseDirectory.submitted_directory = SUBMITTED
    c.Autograde.exporter_class = f"{HERE}.exporter.SubmissionExporter"
    # No CheckCellMetadata: the cells' metadata are the release's, which grafting has checked.
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
