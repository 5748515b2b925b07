"""Tests are pytest, and every way that one can end becomes the right verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.testing.errors import DeadlineExceeded, NotDoneYet, WorkerDied
from autograder.testing.session import MOST_DEADLINES, generator_for, run_tests
from autograder.testing.submission import InProcess, Submission
from autograder.testing.verbs import Server
from autograder.testing.verdicts import Outcome, Result, Verdict

MODULE = """
from autograder.testing.declarations import exercise, graded, hidden_tests
from autograder.testing.expectations import Misconception, expect_equal, fail

ADDS_ONE = Misconception("adds one", "Multiply.")

@exercise("double", object="library.double", title="Twice", difficulty=1, minutes=1)
class TestDouble:
    @graded(4, "small numbers")
    def test_small(self, submission):
        expect_equal(submission.call(2), 4, misconceptions=[(3, ADDS_ONE)])

    @graded(3, "big numbers", after="test_small")
    def test_big(self, submission):
        expect_equal(submission.call(500), 1000)

    @graded(2, "another requirement")
    def test_other(self, submission):
        assert submission.call(0) == 0, "zero stays zero"

    @graded(1, "a test with a mistake of its own")
    def test_mistaken(self, submission):
        if submission.call(7) == 15:
            {}["missing"]

@exercise("elsewhere", object="library.other", title="Other", difficulty=1, minutes=1)
class TestElsewhere:
    @graded(1, "never selected")
    def test_never(self, submission):
        fail("selected all the same")
"""

ALIKE = """
from autograder.testing.declarations import exercise, graded

@exercise("double", object="library.double", title="Twice", difficulty=1, minutes=1)
class TestDouble:
"""
ONE_OF_THEM = """
    @graded(1, "of {0}")
    def test_{0}(self, submission):
        submission.call({0})
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "test_double.py"
    path.write_text(MODULE, encoding="utf-8")
    return path


def verdicts_on(answer: Any, module: Path, root: Path | None = None) -> dict[str, Verdict]:
    def submission() -> Submission:
        return Submission(InProcess(Server(lambda: answer)))

    found = run_tests("double", [module], submission, root=root or module.parent)
    return {verdict.test: verdict for verdict in found}


def test_a_right_answer_passes_every_test_of_its_exercise_and_no_other(module: Path) -> None:
    verdicts = verdicts_on(lambda x: 2 * x, module)
    assert [v.outcome for v in verdicts.values()] == [Outcome.PASSED] * 4
    assert Result("double", tuple(verdicts.values())).points == 10


def test_a_known_mistake_is_named(module: Path) -> None:
    verdict = verdicts_on(lambda x: x + 1, module)["test_small"]
    assert verdict.outcome is Outcome.FAILED
    assert verdict.points == 0
    assert verdict.diagnosis == "adds one"
    assert verdict.help == "Multiply."
    assert "should be 4" in verdict.message


def test_a_test_whose_condition_failed_is_not_checked_and_says_why(module: Path) -> None:
    verdict = verdicts_on(lambda x: x + 1, module)["test_big"]
    assert verdict.outcome is Outcome.NOT_CHECKED
    assert "small numbers" in verdict.message


def test_a_plain_assert_is_a_failure_of_the_answer(module: Path) -> None:
    verdict = verdicts_on(lambda x: 2 * x or 1, module)["test_other"]
    assert verdict.outcome is Outcome.FAILED
    assert "zero stays zero" in verdict.message


def test_an_answer_that_is_not_there_is_not_started(module: Path) -> None:
    def stub(x: int) -> int:
        raise NotDoneYet

    outcomes = [verdict.outcome for verdict in verdicts_on(stub, module).values()]
    assert outcomes[0] is Outcome.NOT_STARTED
    assert Outcome.FAILED not in outcomes


def test_an_exception_of_the_answer_is_named_with_its_line(module: Path) -> None:
    def wrong(x: int) -> int:
        return x.missing  # type: ignore[attr-defined]

    verdict = verdicts_on(wrong, module)["test_small"]
    assert verdict.outcome is Outcome.FAILED
    assert "AttributeError" in verdict.message
    assert verdict.cause == "AttributeError"


def test_an_answer_that_exits_fails_and_the_run_goes_on(module: Path) -> None:
    def leaves(x: int) -> int:
        raise SystemExit

    verdicts = verdicts_on(leaves, module)
    assert verdicts["test_small"].cause == "SystemExit"
    assert len(verdicts) == 4


def test_the_graders_own_mistake_is_no_mark_at_all(module: Path) -> None:
    verdicts = verdicts_on(lambda x: 2 * x if x != 7 else 15, module)
    assert verdicts["test_mistaken"].outcome is Outcome.GRADER_ERROR
    assert verdicts["test_mistaken"].points is None
    assert Result("double", tuple(verdicts.values())).points is None


def test_a_dead_worker_costs_the_one_test(module: Path) -> None:
    calls = iter(range(100))

    class DiesOnce:
        def exchange(self, request: Any, payload: bytes) -> Any:
            if next(calls) == 0:
                raise WorkerDied("gone")
            return InProcess(Server(lambda: lambda x: 2 * x)).exchange(request, payload)

    found = run_tests("double", [module], lambda: Submission(DiesOnce()), root=module.parent)
    assert [v.outcome for v in found] == [
        Outcome.FAILED, Outcome.NOT_CHECKED, Outcome.PASSED, Outcome.PASSED,
    ]  # fmt: skip
    assert found[0].cause == "WorkerDied"


def test_after_some_deadlines_the_rest_is_not_checked(tmp_path: Path) -> None:
    tests = "".join(ONE_OF_THEM.format(number) for number in range(MOST_DEADLINES + 2))
    path = tmp_path / "test_alike.py"
    path.write_text(ALIKE + tests, encoding="utf-8")

    class NeverEnds:
        def exchange(self, request: Any, payload: bytes) -> Any:
            raise DeadlineExceeded("out of time")

    found = run_tests("double", [path], lambda: Submission(NeverEnds()), root=tmp_path)
    assert [v.cause for v in found[:MOST_DEADLINES]] == ["DeadlineExceeded"] * MOST_DEADLINES
    assert [v.outcome for v in found[MOST_DEADLINES:]] == [Outcome.NOT_CHECKED] * 2
    assert found[-1].message == "not checked, because 3 of the tests before it ran out of time"


def test_an_exercise_without_tests_is_an_error_not_a_full_mark(module: Path) -> None:
    with pytest.raises(LookupError, match="no test of exercise 'missing'"):
        run_tests("missing", [module], lambda: Submission(None), root=module.parent)  # type: ignore[arg-type]


def test_tests_that_cannot_be_imported_are_an_error_not_a_full_mark(tmp_path: Path) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text("import nothing_of_that_name\n", encoding="utf-8")
    with pytest.raises(LookupError, match="cannot be imported"):
        run_tests("double", [broken], lambda: Submission(None), root=tmp_path)  # type: ignore[arg-type]


def test_inputs_are_the_same_for_everybody_and_follow_the_secret() -> None:
    first, again = generator_for(b"secret", "a.b"), generator_for(b"secret", "a.b")
    other = generator_for(b"another", "a.b")
    drawn = [torch.rand(3, generator=g).tolist() for g in (first, again, other)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_points_are_a_sum_that_stays_within_bounds() -> None:
    verdicts = [Verdict(f"t{i}", "", False, Outcome.PASSED, 0.1, 0.1) for i in range(3)]
    result = Result("x", tuple(verdicts))
    assert result.points == result.max_points == 0.3
    assert Result.from_json(result.to_json()) == result
    assert Result("none", ()).points is None


SHARED = "from autograder.testing import expect_equal\n\n\ndef expect_twice(value):\n    {}\n"
NESTED = """
from autograder.testing import exercise, graded
from exam.shared.twice import expect_twice

@exercise("double", object="library.double", title="Twice", difficulty=1, minutes=1)
class TestDouble:
    @graded(1, "small numbers")
    def test_small(self, submission):
        expect_twice(submission.call(2))
"""


def test_shared_modules_are_imported_as_they_are_now_and_each_courses_own(tmp_path: Path) -> None:
    def write_shared(root: Path, expected: int) -> None:
        line = f"expect_equal(value, {expected}, what='the double of two, in words: {expected}')"
        (root / "exam" / "shared" / "twice.py").write_text(SHARED.format(line), encoding="utf-8")

    def outcome(root: Path) -> Outcome:
        module = root / "exam" / "01_numbers" / "double" / "public.py"
        (found,) = verdicts_on(lambda x: 2 * x, module, root).values()
        return found.outcome

    roots = [tmp_path / "first", tmp_path / "second"]
    for root, expected in zip(roots, (4, 5555), strict=True):
        for folder in ("shared", "01_numbers/double"):
            (root / "exam" / folder).mkdir(parents=True)
        for package in ("exam", "exam/shared"):
            (root / package / "__init__.py").write_text("", encoding="utf-8")
        (root / "exam/01_numbers/double/public.py").write_text(NESTED, encoding="utf-8")
        write_shared(root, expected)
    assert [outcome(root) for root in roots] == [Outcome.PASSED, Outcome.FAILED]
    write_shared(roots[0], 5555)
    assert outcome(roots[0]) is Outcome.FAILED
