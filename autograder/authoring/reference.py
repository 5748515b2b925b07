"""Runs the reference of an assignment, and checks its figures, its time and its points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

from autograder.answers.artifacts import handed_in_as, read_artifact
from autograder.authoring.execute import OnCell, Run, execute_notebook
from autograder.authoring.figures import Compared, Expected, compare_figures, read_expected
from autograder.course import Assignment, Course, CourseExercise
from autograder.judge.artifacts import with_artifacts
from autograder.judge.grading import GradedExercise, Judge


@dataclass(frozen=True)
class ReferenceRun:
    """The results of running the reference of an assignment.

    Attributes:
        assignment: the assignment.
        run: errors and time of the run.
        page: path of the executed notebook as HTML, with its pictures.
        expected: what the author expects of the run.
        compared: each expected figure, compared with the output.
        graded: the graded answers of the reference, by exercise; empty when nothing was graded.
    """

    assignment: Assignment
    run: Run
    page: Path
    expected: Expected
    compared: list[Compared]
    graded: dict[str, GradedExercise]

    @property
    def in_time(self) -> bool:
        """Whether the run took no longer than the author allows."""
        return self.expected.seconds is None or self.run.seconds <= self.expected.seconds

    @property
    def short_of_marks(self) -> list[str]:
        """Ids of the exercises on which the reference does not earn all points."""
        results = {id: graded.result for id, graded in self.graded.items()}
        return [id for id, result in results.items() if result.points != result.max_points]

    @property
    def good(self) -> bool:
        """Whether everything is as expected."""
        as_said = all(each.good for each in self.compared)
        return not self.run.errors and as_said and self.in_time and not self.short_of_marks


def run_reference(
    course: Course,
    assignment: Assignment,
    folder: Path,
    *,
    judge: Judge | None = None,
    limit: float | None = None,
    on_cell: OnCell | None = None,
) -> ReferenceRun:
    """Run an assignment's reference notebook, and grade it like a submission.

    Args:
        course: the course.
        assignment: the assignment.
        folder: folder that the executed notebook and its page are written to.
        judge: the judge that grades the reference; None to grade nothing.
        limit: seconds after which the run is stopped.
        on_cell: called before each cell.

    Raises:
        ValueError: the file of expected figures has a mistake, or names a cell that the notebook
            does not have.
    """
    expected = read_expected(assignment.expected)
    executed = folder / f"{assignment.name}.ipynb"
    run = execute_notebook(
        assignment.ipynb, executed, import_from=[course.root], limit=limit, on_cell=on_cell
    )
    notebook = nbformat.read(executed, as_version=4)
    page = executed.with_suffix(".html")
    write_notebook_page(notebook, page, assignment.name)
    return ReferenceRun(
        assignment,
        run,
        page,
        expected,
        compare_figures(expected, notebook),
        {} if judge is None else _grade(course, assignment, judge),
    )


def rehearse(course: Course, assignment: Assignment, executed: Path) -> Run:
    """Run an assignment's reference notebook without its training.

    Cells that train take only a few steps. The artifacts that training would make are put in place
    before the run: they are the files that are kept with the tests. An artifact that the course's
    folder has already is not replaced.

    Args:
        course: the course.
        assignment: the assignment.
        executed: path that the executed notebook is written to.
    """
    for exercise in course.exercises_of(assignment):
        kept, place = exercise.read_reference_artifact(), course.root / exercise.artifact
        if kept is not None and not place.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(kept)
    return execute_notebook(assignment.ipynb, executed, import_from=[course.root], quick=True)


def write_notebook_page(notebook: nbformat.NotebookNode, page: Path, title: str) -> None:
    """Write an executed notebook as a single HTML file that includes its pictures."""
    body, _ = HTMLExporter(embed_images=True).from_notebook_node(
        notebook, resources={"metadata": {"name": title}}
    )
    page.write_text(body, encoding="utf-8")


def _grade(course: Course, assignment: Assignment, judge: Judge) -> dict[str, GradedExercise]:
    notebook = nbformat.read(assignment.ipynb, as_version=4)
    artifacts = {
        handed_in_as(exercise.artifact): content
        for exercise in course.exercises_of(assignment)
        if (content := _artifact(course, exercise)) is not None
    }
    return judge.grade_notebook(assignment, nbformat.from_dict(with_artifacts(notebook, artifacts)))


def _artifact(course: Course, exercise: CourseExercise) -> bytes | None:
    """Return the artifact that the run made, or else the artifact that is kept with the tests."""
    made = read_artifact(course.root, exercise.artifact)
    return exercise.read_reference_artifact() if made is None else made
