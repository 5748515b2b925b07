"""Damage that keeps an answer costs nothing; damage that does not costs this answer alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from autograder.course import Course
from autograder.judge.grading import Judge
from autograder.judge.sandbox import find_sandbox, sandbox_problem
from tests.damage.damages import Step, steps
from tests.damage.saving import Saving, savings
from tests.damage.trial import ASSIGNMENTS, ROOT, Outcome, try_damage

EXAMPLES = 150
GRADED = 2
PARTS_OF_A_SOAK, EXAMPLES_OF_A_PART, GRADED_OF_A_PART = 10, 500, 20
WHOLE = (Outcome.UNTOUCHED, Outcome.RECOVERED)
Count = Callable[[str, object], None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parts of a soak draw different damages, and run side by side."""
    if "part" in metafunc.fixturenames:
        soaking = metafunc.config.getoption("--soak")
        metafunc.parametrize("part", range(1, PARTS_OF_A_SOAK + 1) if soaking else [0])


def test_an_answer_that_is_all_there_is_found(
    part: int, soaking: bool, record_property: Count
) -> None:
    @seed(part)
    @_tried(EXAMPLES_OF_A_PART if soaking else EXAMPLES)
    @given(st.sampled_from(ASSIGNMENTS), steps(), savings())
    def found(assignment: str, damages: list[Step], saving: Saving) -> None:
        trial = try_damage(assignment, damages, saving)
        assert trial.complaints == []
        record_property("count of damaged notebooks", trial.end)
        for outcome in trial.outcomes.values():
            record_property("count of answers in damaged notebooks", str(outcome))
        for step in damages:
            record_property("count of damages", step.kind)

    found()


@pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem())
def test_an_answer_that_is_all_there_has_full_points_from_the_judge(
    part: int, soaking: bool, record_property: Count
) -> None:
    course = Course.find(ROOT)
    with Judge(course, find_sandbox()) as judge:

        @seed(part)
        @_tried(GRADED_OF_A_PART if soaking else GRADED)
        @given(st.sampled_from(ASSIGNMENTS), steps(), savings())
        def graded(assignment: str, damages: list[Step], saving: Saving) -> None:
            trial = try_damage(assignment, damages, saving)
            found = judge.grade_notebook(course.assignment(assignment), trial.notebook)
            for id, outcome in trial.outcomes.items():
                points, most = found[id].result.points, found[id].result.max_points
                if outcome in WHOLE:
                    assert points == most, f"{id} was {outcome}: {found[id]}"
                elif outcome is Outcome.NOT_FOUND:
                    assert points == 0, f"{id} was {outcome}: {found[id]}"
                record_property("count of graded answers in damaged notebooks", _said(outcome))
            record_property("count of graded damaged notebooks", trial.end)

        graded()


def test_an_undamaged_notebook_needs_no_repair() -> None:
    for assignment in ASSIGNMENTS:
        trial = try_damage(assignment, [], Saving())
        assert trial.complaints == []
        assert set(trial.outcomes.values()) == {Outcome.UNTOUCHED}


def _tried(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


def _said(outcome: Outcome) -> str:
    points = {Outcome.NOT_FOUND: "no points", Outcome.UNTOUCHED: "full points"}
    return f"{outcome}: {points.get(outcome, 'full points' if outcome in WHOLE else 'graded')}"
