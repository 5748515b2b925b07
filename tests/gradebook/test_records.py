"""Verdicts are kept so that the same work gives the same bytes, and a difference is seen."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.judge import records
from autograder.judge.grading import GradedExercise
from autograder.judge.inputs import Inputs, common_inputs
from autograder.judge.redaction import legible
from autograder.testing.verdicts import Outcome, Result
from tests.gradebook.samples import SECRET, graded, vectors, verdict


def write(course: Course, finding: GradedExercise, student: str = "alice") -> Path:
    """Keep a finding; return where."""
    records.write(
        course,
        student,
        vectors(course),
        finding,
        common=common_inputs(course, vectors(course), SECRET),
    )
    return records.record_folder(course, student, "01_vectors", finding.result.exercise)


def test_the_same_work_graded_again_gives_the_same_bytes(course: Course) -> None:
    finding = graded("dot", verdict("small", 0.0, 40.0, message="raised at 0x7f12ab34cd56"))
    folder = write(course, finding)
    first = (folder / records.VERDICT).read_bytes()
    again = replace(
        finding,
        result=Result(
            "dot", (replace(finding.result.verdicts[0], message="raised at 0x5588aa11"),)
        ),
        run={**finding.run, "seconds": random.random(), "host": "elsewhere"},
    )
    write(course, again)
    assert (folder / records.VERDICT).read_bytes() == first
    assert records.load_run(folder / records.RUN)["host"] == "elsewhere"


def test_a_record_reads_back_as_it_was_written(course: Course) -> None:
    finding = graded("dot", verdict("small", 12.5, 40.0, diagnosis="adds"), repairs=("joined",))
    record = records.load(write(course, finding) / records.VERDICT)
    assert record.result == finding.result
    assert record.repairs == ("joined",)
    assert record.points == 12.5


def test_a_record_says_what_it_depends_on(course: Course) -> None:
    finding = graded("dot", verdict("small", 40.0, 40.0))

    def inputs() -> Inputs:
        return common_inputs(course, vectors(course), SECRET).of(finding.program)

    before = inputs()
    assert before == inputs()
    assert before.environment["numpy"]
    assert SECRET.decode() not in json.dumps(before.__dict__)
    for part, name in (
        ("tiny_lib/vectors.py", "library"),
        ("tiny_tests/01_vectors/dot/hidden.py", "tests"),
    ):
        (course.root / part).write_text("# changed\n")
        assert getattr(inputs(), name) != getattr(before, name)
    other = common_inputs(course, vectors(course), b"another secret, 16+")
    assert other.secret != before.secret


def test_verdicts_that_differ_on_a_second_run_are_flagged_from_then_on(course: Course) -> None:
    passing = graded("dot", verdict("small", 40.0, 40.0))
    failing = graded("dot", verdict("small", 0.0, 40.0))
    folder = write(course, passing)

    def flags() -> list[str]:
        return records.load_run(folder / records.RUN)["flags"]

    assert flags() == []
    write(course, failing)
    assert flags() == [records.DIFFER]
    write(course, failing)
    assert flags() == [records.DIFFER]


def test_other_work_and_failures_of_the_grader_are_no_difference(course: Course) -> None:
    passing = graded("dot", verdict("small", 40.0, 40.0))
    folder = write(course, passing)
    broken = graded("dot", verdict("small", None, 40.0, outcome=Outcome.GRADER_ERROR))
    write(course, broken)
    assert records.load_run(folder / records.RUN)["flags"] == []
    other = graded("dot", verdict("small", 0.0, 40.0))
    write(course, replace(other, program=replace(other.program, setup="import math")))
    assert records.load_run(folder / records.RUN)["flags"] == []


@pytest.mark.parametrize("points", [math.nan, math.inf, -math.inf, True, "40", None, 4 + 0j, [40]])
def test_a_mark_that_is_no_plain_number_fails_closed(course: Course, points: object) -> None:
    finding = graded(
        "dot",
        verdict("small", 10.0, 10.0),
        verdict("odd", points, 30.0, outcome=Outcome.PASSED),  # type: ignore[arg-type]
    )
    assert records.sound_points(finding.result) is None
    assert records.load(write(course, finding) / records.VERDICT).points is None


@pytest.mark.parametrize(("points", "counts"), [(50.0, 40.0), (-3.0, 0.0), (0.1 + 0.2, 0.3)])
def test_marks_are_clamped_sums(points: float, counts: float) -> None:
    result = Result("dot", (verdict("small", points, 40.0, outcome=Outcome.PASSED),))
    assert records.sound_points(result) == counts


def test_an_exercise_without_verdicts_has_no_score() -> None:
    assert records.sound_points(Result("dot", ())) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"points": 40.0', '"points": 39.0'),
        ('"format": 1', '"format": 2'),
        ('"outcome": "passed"', '"outcome": "perfect"'),
        ('"verdicts"', '"opinions"'),
        ("{", "["),
    ],
)
def test_a_damaged_record_is_refused_by_name(course: Course, old: str, new: str) -> None:
    path = write(course, graded("dot", verdict("small", 40.0, 40.0))) / records.VERDICT
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=r"verdict\.json is damaged"):
        records.load(path)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    records.write_json(path, {"points": 1.0})
    with pytest.raises(ValueError, match="JSON compliant"):
        records.write_json(path, {"points": math.nan})
    assert json.loads(path.read_text()) == {"points": 1.0}
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o077 == 0


def test_records_stay_in_their_folder(course: Course) -> None:
    for name in ("..", "a/b", "", "a\\b"):
        with pytest.raises(ValueError, match="cannot be the name of a folder"):
            records.record_folder(course, name, "01_vectors", "dot")


def test_untrusted_text_is_made_legible() -> None:
    assert legible("\x1b[31mred\x1b[0m \x07bell \u202egnp \ud800") == "red bell gnp ?"
    assert legible("x" * 50, 10) == "xxxxxxxx …"
