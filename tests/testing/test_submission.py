"""The verbs: what a test may ask of an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.testing.codec import Encoder, Name
from autograder.testing.errors import CheckFailure, SubmissionError, UnreadableValue
from autograder.testing.reading import definitions, find_loops, with_helpers
from autograder.testing.submission import InProcess, Submission
from autograder.testing.verbs import Server


def submission_of(answer: Any, **options: Any) -> Submission:
    return Submission(InProcess(Server(lambda: answer, **options)))


def test_call_passes_arguments_and_returns_the_value() -> None:
    answer = submission_of(lambda x, *, scale=1: x * scale)
    assert torch.equal(answer.call(torch.ones(2), scale=3), torch.full((2,), 3.0))


def test_call_shows_what_became_of_the_arguments() -> None:
    def in_place(x: torch.Tensor) -> torch.Tensor:
        return x.mul_(2)

    given = torch.ones(2)
    _, (after,) = submission_of(in_place).call(given, return_args=True)
    assert torch.equal(after, torch.full((2,), 2.0))
    assert torch.equal(given, torch.ones(2)), "the test's own tensor is a copy"


def test_vjp_gives_value_and_gradients_and_none_for_detached() -> None:
    answer = submission_of(lambda x, y: (x * y.detach()).sum())
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    value, (by_x, by_y) = answer.vjp(x, y, wrt=(0, 1))
    assert value.item() == 11
    assert torch.equal(by_x, y)
    assert by_y is None


def test_vjp_of_a_value_without_a_graph_has_no_gradient() -> None:
    _, gradients = submission_of(lambda x: x.detach()).vjp(torch.ones(1), wrt=(0,))
    assert gradients == [None]


def test_a_constructed_object_stays_there_and_answers() -> None:
    class Countdown:
        def __init__(self, start: int) -> None:
            self.start = start

        def __len__(self) -> int:
            return self.start

        def __iter__(self) -> Any:
            yield from range(self.start, 0, -1)

        def set_start(self, start: int) -> None:
            self.start = start

    handle = submission_of(Countdown).construct(3)
    assert handle.len() == 3
    assert handle.take(2) == [3, 2]
    handle.call("set_start", 1)
    assert handle.take(10) == [1]


def test_a_generator_is_made_there_and_can_be_passed() -> None:
    answer = submission_of(lambda generator: torch.rand(2, generator=generator))
    first = answer.call(generator=answer.generator(5))
    again = answer.call(generator=answer.generator(5))
    assert torch.equal(first, again)


def test_an_endless_iterator_is_taken_in_part() -> None:
    class Endless:
        def __iter__(self) -> Any:
            while True:
                yield 1

    assert submission_of(Endless).construct().take(3) == [1, 1, 1]


def test_trace_counts_operations_lines_and_storage() -> None:
    def loops(x: torch.Tensor) -> torch.Tensor:
        total = torch.zeros(())
        for row in x:
            total = total + row.sum()
        return total

    few, many = (submission_of(loops).trace(torch.ones(n, 4)) for n in (2, 20))
    assert many.operation_count > few.operation_count
    assert many.lines - few.lines == 36

    wide = submission_of(lambda x: (x[:, None] - x[None]).sum()).trace(torch.ones(8, 16))
    assert wide.largest_storage == 8 * 8 * 16 * 4
    assert wide.operations["sub"] == 1


def test_raises_accepts_the_type_and_its_subclasses() -> None:
    def refuses(x: int) -> int:
        raise FileNotFoundError("no such x")

    assert submission_of(refuses).raises("OSError", 1) == "no such x"
    with pytest.raises(CheckFailure, match="a TypeError was expected"):
        submission_of(refuses).raises("TypeError", 1)
    with pytest.raises(CheckFailure, match="it returned int instead"):
        submission_of(lambda x: x).raises("ValueError", 1)


def test_a_probe_runs_there_and_sees_the_answer(tmp_path: Path) -> None:
    (tmp_path / "twice.py").write_text("def probe(answer, x):\n    return answer(answer(x))\n")
    assert submission_of(lambda x: x + 1, probes=tmp_path).probe("twice", 1) == 3


@pytest.mark.parametrize("name", ["../secrets", "missing"])
def test_a_probe_that_is_not_the_kits_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SubmissionError):
        submission_of(lambda x: x, probes=tmp_path).probe(name)


def test_only_listed_packages_may_be_named() -> None:
    answer = submission_of(lambda kind: kind(2, 3).weight.shape)
    assert answer.call(Name("torch.nn.Linear")) == (3, 2)
    with pytest.raises(SubmissionError, match="not a name that a test may use"):
        answer.call(Name("os.system"))


def test_a_test_cannot_pass_a_function() -> None:
    with pytest.raises(TypeError, match="only plain data crosses"):
        submission_of(lambda f: f).call(lambda: None)


def test_loops_are_found_in_text_with_helpers() -> None:
    cell = "def helper(x):\n    return [v for v in x]\n\ndef answer(x):\n    return helper(x)\n"
    text = with_helpers("answer", definitions([cell]).get)
    assert find_loops(text) == ["ListComp on line 5"]
    assert find_loops("y = torch.vmap(f)(x)") == ["vmap() on line 1"]
    assert find_loops("y = x @ x.T") == []


class Forging:
    """A connection to a worker that answers whatever its author likes."""

    def __init__(self, value: Any) -> None:
        encoder = Encoder()
        self._reply = {"value": encoder.encode(value)}, bytes(encoder.payload)

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Answer."""
        return self._reply


TRACE = {"value": 1, "operations": {"mm": 1}, "lines": 3, "largest_storage": 8}


@pytest.mark.parametrize(
    "forged",
    [
        None,
        torch.zeros(3),
        np.zeros(3),
        {**TRACE, "lines": float("inf")},
        {**TRACE, "lines": True},
        {**TRACE, "operations": [("mm", 1)]},
        {**TRACE, "operations": {"mm": torch.zeros(2)}},
        {**TRACE, "largest_storage": None},
        {"value": 1},
    ],
    ids=repr,
)
def test_a_forged_trace_fails_the_test_and_is_not_the_graders_failure(forged: Any) -> None:
    assert Submission(Forging(TRACE)).trace().lines == 3
    with pytest.raises(UnreadableValue, match="a trace that is not plain data"):
        Submission(Forging(forged)).trace()


def test_a_definition_too_deep_to_be_written_out_is_passed_over() -> None:
    deep = f"def deep():\n    return {'+'.join('x' * 2500)}\n"
    assert list(definitions([deep + "def shallow(): pass\n"])) == ["shallow"]
