"""Damage that keeps an answer costs nothing; damage that does not costs this answer alone."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.damage.damages import Step, steps
from tests.damage.saving import Saving, savings
from tests.damage.trial import ASSIGNMENTS, Outcome, try_damage

EXAMPLES = 300


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(st.sampled_from(ASSIGNMENTS), steps(), savings())
def test_an_answer_that_is_all_there_is_found(
    record_property: Callable[[str, object], None],
    assignment: str,
    damages: list[Step],
    saving: Saving,
) -> None:
    trial = try_damage(assignment, damages, saving)
    assert trial.complaints == []
    record_property("count of damaged notebooks", trial.end)
    for outcome in trial.outcomes.values():
        record_property("count of answers in damaged notebooks", str(outcome))
    for step in damages:
        record_property("count of damages", step.kind)


def test_an_undamaged_notebook_needs_no_repair() -> None:
    for assignment in ASSIGNMENTS:
        trial = try_damage(assignment, [], Saving())
        assert trial.complaints == []
        assert set(trial.outcomes.values()) == {Outcome.UNTOUCHED}
