"""Preprocessors that put the judge into nbgrader's pipeline, for Execute and SaveAutoGrades.

`GraftStudentCells` rebuilds the submission from the release, `JudgeExercises` has it graded in the
sandbox and writes feedback, `SaveVerdicts` enters the scores. No submitted code runs in nbgrader's
own process, and no output of a submission is ever read as a score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import (
    MetadataValidator,
    SchemaTooNewError,
    SchemaTooOldError,
    ValidationError,
)
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Any as AnyTrait

from autograder.course import Course
from autograder.gradebook.database import close_grades, mark_not_graded
from autograder.judge import records
from autograder.judge.grading import GradedExercise, Judge
from autograder.judge.inputs import common_inputs
from autograder.judge.redaction import for_students
from autograder.judge.sandbox import find_sandbox
from autograder.judging.judged import JudgeFailed
from autograder.nbgrader.graft import graft
from autograder.releasing.student_form import grade_id_of
from autograder.student.rendering import html, text
from autograder.submissions.reading import SubmittedNotebook, submission_of

Resources = dict[str, Any]

HANDED_ON = "The submission, where it was read already; by default it is read from submitted/."
RECORDS = "autograder_records"  # key of the judge's records in nbconvert's resources
NOT_GRADED = (
    "Not graded: the grader itself failed on this exercise. That is not your mistake, and no "
    "points are lost; a person will look at it."
)


@dataclass(frozen=True)
class Place:
    """The place of a submission on disk and in the gradebook.

    Attributes:
        student: id of the student.
        assignment: name of the assignment.
        notebook: name of the notebook, without the suffix.
        db_url: address of the gradebook.
        root: root folder of the course.
        release: path of the released notebook.
    """

    student: str
    assignment: str
    notebook: str
    db_url: str
    root: Path
    release: Path


def place_of(preprocessor: NbGraderPreprocessor, resources: Mapping[str, Any]) -> Place:
    """Return the place of the submission that a preprocessor was called for."""
    course = preprocessor.parent.parent.coursedir
    known = resources["nbgrader"]
    student, assignment, notebook = known["student"], known["assignment"], known["notebook"]
    release = course.format_path(course.release_directory, ".", assignment)
    return Place(
        student,
        assignment,
        notebook,
        known["db_url"],
        Path(course.root),
        Path(release) / f"{notebook}.ipynb",
    )


_last_read: WeakKeyDictionary[object, tuple[Place, SubmittedNotebook]] = WeakKeyDictionary()


def _submission_of(preprocessor: NbGraderPreprocessor, place: Place) -> SubmittedNotebook:
    """Return the submission that a preprocessor works on.

    This is the submission in the preprocessor's configuration. Without one, the submission is read
    once for all of nbgrader's steps. It is kept with the converter, because nbgrader makes new
    preprocessors for each step and only the converter stays.
    """
    if preprocessor.submission is not None:
        return preprocessor.submission
    converter = preprocessor.parent.parent
    for_whom, submission = _last_read.get(converter, (None, None))
    if submission is None or for_whom != place:
        course = Course.find(place.root)
        assignment = course.assignment(place.assignment)
        submission = submission_of(course, assignment, place.student)
        _last_read[converter] = place, submission
    return submission


class GraftStudentCells(NbGraderPreprocessor):
    """The first preprocessor: puts the student's sources into the released notebook (`graft`)."""

    submission = AnyTrait(None, help=HANDED_ON).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Rebuild the submission from the release; the notebook that nbgrader read is not used."""
        place = place_of(self, resources)
        with Gradebook(place.db_url) as gradebook:
            close_grades(gradebook, place.notebook, place.assignment, place.student)
        if not place.release.is_file():
            raise FileNotFoundError(
                f"{place.release} is missing: run `course release {place.assignment}` first"
            )
        stat = place.release.stat()
        _require_sound_metadata(place.release, stat.st_mtime_ns, stat.st_size)
        release = nbformat.read(place.release, as_version=4)
        return graft(release, _submission_of(self, place)), resources


@lru_cache(maxsize=16)  # the check is slow, and a class has one release
def _require_sound_metadata(release: Path, mtime: int, size: int) -> None:
    """Refuse a release whose cells nbgrader cannot use.

    Args:
        release: the released notebook.
        mtime: when the file was last changed; another time has the file checked again.
        size: size of the file; another size has the file checked again.
    """
    try:
        MetadataValidator().validate_nb(nbformat.read(release, as_version=4))
    except (ValidationError, SchemaTooOldError, SchemaTooNewError) as error:
        what = str(error).splitlines()[0]
        raise ValueError(
            f"{release} has damaged nbgrader metadata ({what}): run `course release "
            f"{release.stem}` again"
        ) from error


class JudgeExercises(NbGraderPreprocessor):
    """The preprocessor in place of Execute: has the judge grade and shows the verdicts.

    When the grader itself fails, the exercise gets no score, never a wrong score.
    """

    submission = AnyTrait(None, help=HANDED_ON).tag(config=True)
    judge = AnyTrait(
        None,
        help="Grades the submissions, as a `Judge` does; by default one of the course, in this "
        "machine's sandbox.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Grade the submission, keep the records, and write the feedback into the notebook."""
        place = place_of(self, resources)
        course = Course.find(place.root)
        exercises = course.exercises_of(course.assignment(place.assignment))
        kept = self._grade(course, place)
        resources[RECORDS] = {id: record for id, (record, _) in kept.items()}
        cells = {grade_id_of(cell): cell for cell in nb.cells if grade_id_of(cell)}
        for exercise in exercises:
            check = cells.get(f"check-{exercise.id}")
            if check is None:
                self.log.error("The notebook has no cell check-%s: release it again", exercise.id)
                continue
            record, graded = kept.get(exercise.id, (None, None))
            check.outputs = _feedback(record)
            if graded is not None:
                _show_what_was_graded(cells.get(f"ex-{exercise.id}"), graded)
        return nb, resources

    def _grade(
        self, course: Course, place: Place
    ) -> dict[str, tuple[records.Record, GradedExercise]]:
        """Have the judge grade the submission, and keep its records.

        Returns:
            For each exercise, by id, the record that was written and what the judge found; empty
            when the judge failed.
        """
        assignment = course.assignment(place.assignment)
        submission = _submission_of(self, place)
        reason = ""
        try:
            judge = self.judge or Judge(course, find_sandbox())
            found = judge.grade_notebook(assignment, submission.for_judge())
            assert judge.secret is not None
            common = common_inputs(course, assignment, judge.secret)
            return {
                id: (
                    records.write(
                        course,
                        place.student,
                        assignment,
                        graded,
                        common=common,
                        problems=submission.problems,
                    ),
                    graded,
                )
                for id, graded in found.items()
            }
        except Exception as error:
            named = "" if isinstance(error, JudgeFailed) else f"{type(error).__name__}: "
            reason = f"{named}{error}"
            self.log.exception("%s of %s is not graded", place.assignment, place.student)
            return {}
        finally:
            records.note_failure(course, place.student, place.assignment, reason)


class SaveVerdicts(SaveAutoGrades):
    """The preprocessor in place of SaveAutoGrades: enters scores only from the judge's records.

    A grade cell without a sound record gets no score and is marked for a person to look at.
    Written answers are left to nbgrader: they wait for a reader unless they were not touched.
    """

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        if utils.is_solution(cell) or cell.cell_type != "code":
            super()._add_score(cell, resources)
            return
        grade_id = grade_id_of(cell)
        grade = self.gradebook.find_grade(
            grade_id, self.notebook_id, self.assignment_id, self.student_id
        )
        record = resources.get(RECORDS, {}).get(grade_id.removeprefix("check-"))
        points = None if record is None else record.points
        if record is not None and record.result.max_points != grade.max_score:
            self.log.error(
                "The gradebook has %g points for %s, its tests %g: run `course release %s` again",
                grade.max_score, grade_id, record.result.max_points, self.assignment_id,
            )  # fmt: skip
            points = None
        if points is None:
            self.log.error("%s of %s is not graded", grade_id, self.student_id)
            mark_not_graded(grade)
        else:
            grade.auto_score = points
            grade.needs_manual_grade = grade.manual_score is not None
        self.gradebook.db.commit()


def _feedback(record: records.Record | None) -> list[NotebookNode]:
    """Return the outputs of a check: what the student may see, and the score in nbgrader's form."""
    if record is None:
        shown = _display(f"<p><strong>{NOT_GRADED}</strong></p>", NOT_GRADED)
    else:
        result = for_students(record.result)
        found = [f"How your answer was found: {repair}." for repair in record.repairs]
        asides = "".join(f"<p>{escape(line)}</p>" for line in found)
        shown = _display(html(result) + asides, "\n".join([text(result), *found]))
    if record is None or record.points is None:
        # nbgrader reads an error as no marks; it would read any other output as full marks.
        return [shown, new_output("error", ename="NotGraded", evalue=NOT_GRADED, traceback=[])]
    score = {"text/plain": repr(record.points)}
    return [shown, new_output("execute_result", data=score, execution_count=None)]


def _display(page: str, plain: str) -> NotebookNode:
    return new_output("display_data", data={"text/html": page, "text/plain": plain})


def _show_what_was_graded(cell: NotebookNode | None, graded: GradedExercise) -> None:
    """Show an answer in the exercise's cell if it was found elsewhere or put together."""
    answer = graded.program.answer
    if cell is not None and answer is not None and graded.repairs:
        cell.source = answer.source
