"""Students learn of a hidden test its title, the diagnosis, and a well-known exception type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge.redaction import CAUSES, for_students
from autograder.student.rendering import html, text
from autograder.testing.verdicts import Outcome, Result, Verdict

SECRETS = ("SECRET-INPUT", "SECRET-HELP", "test_name_that_tells", "Leak_7_11")


def hidden(outcome: Outcome, cause: str = "", diagnosis: str | None = None) -> Verdict:
    points = None if outcome is Outcome.GRADER_ERROR else 0.0
    return Verdict(
        "test_name_that_tells", "large numbers", True, outcome, points, 10.0,
        "SECRET-INPUT", "SECRET-HELP", diagnosis, cause,
    )  # fmt: skip


def shown(verdict: Verdict) -> Verdict:
    return for_students(Result("dot", (verdict,))).verdicts[0]


@given(
    st.sampled_from([Outcome.PASSED, Outcome.FAILED, Outcome.NOT_STARTED, Outcome.GRADER_ERROR]),
    st.sampled_from(["", "CheckFailure", "Leak_7_11", "ValueError", "DeadlineExceeded"]),
)
def test_nothing_that_a_hidden_test_said_comes_through(outcome: Outcome, cause: str) -> None:
    result = for_students(Result("dot", (hidden(outcome, cause),)))
    page = html(result) + text(result) + str(result.to_json())
    assert not [secret for secret in SECRETS if secret in page]
    assert "large numbers" in page


def test_title_diagnosis_points_and_outcome_stay() -> None:
    verdict = shown(hidden(Outcome.FAILED, diagnosis="forgets the mean"))
    assert (verdict.title, verdict.diagnosis) == ("large numbers", "forgets the mean")
    assert (verdict.points, verdict.max_points) == (0.0, 10.0)
    assert verdict.outcome is Outcome.FAILED


@pytest.mark.parametrize("cause", ["TypeError", "IndexError", "RecursionError"])
def test_a_well_known_exception_is_named(cause: str) -> None:
    assert shown(hidden(Outcome.FAILED, cause)).message == f"Your code raised {cause}."


@pytest.mark.parametrize("cause", CAUSES)
def test_ends_of_the_worker_are_told_in_words(cause: str) -> None:
    assert shown(hidden(Outcome.FAILED, cause)).message == CAUSES[cause]


def test_an_exception_of_the_students_own_is_not_named() -> None:
    """Its name could carry hidden inputs out."""
    assert shown(hidden(Outcome.FAILED, "Leak_7_11")).message == ""


def test_public_tests_keep_message_and_help() -> None:
    verdict = Verdict(
        "test_small", "a small example", False, Outcome.FAILED, 0.0, 10.0,
        "should be 32; it is 21", "Multiply.", "adds", "CheckFailure",
    )  # fmt: skip
    assert shown(verdict) == verdict


def test_the_graders_own_failure_says_nothing_of_the_tests() -> None:
    verdict = Verdict(
        "test_small", "a small example", False, Outcome.GRADER_ERROR, None, 10.0,
        "KeyError: 'answer' (public.py, line 7)", cause="KeyError",
    )  # fmt: skip
    assert "line 7" not in str(shown(verdict).to_json())
