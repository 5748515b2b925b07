"""Hidden tests of channel_transformer."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    SubmissionError,
    expect,
    expect_close,
    fail,
    graded,
    hidden_tests,
)
from course_lib.networks.channel_transformer import ChannelTransformer
from grader_tests.shared.arguments import expect_kept
from grader_tests.shared.channel_transformer import drawn_maps, drawn_weights, watched


@hidden_tests("channel_transformer")
class TestChannelTransformerHidden:
    """Drawn weights and maps, compared with the reference."""

    @graded(2, "drawn weights: one head, as many as channels, and in between; any size of map")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        for channels, num_heads, size in ((4, 1, (3, 3)), (4, 4, (1, 5)), (12, 3, (2, 2)),
                                          (10, 5, (1, 1))):  # fmt: skip
            weights = drawn_weights(draw, channels, num_heads)
            x = drawn_maps(draw, 3, channels, *size)
            for training in (False, True):
                model = ChannelTransformer(channels, num_heads).double().train(training)
                model.load_state_dict(weights)
                with torch.no_grad():
                    expected = model(x)
                seen = watched(submission, [x], weights, channels=channels, num_heads=num_heads,
                               training=training)  # fmt: skip
                expect_close(
                    seen["values"][0],
                    expected,
                    what="the output",
                    given=f"{channels} channels in {num_heads} heads, maps of {size[0]} x "
                    f"{size[1]}, {'training' if training else 'evaluation'} mode",
                )

    @graded(1, "shape and dtype of the input, which stays as it is")
    def test_kept(self, submission: Submission, draw: torch.Generator) -> None:
        for dtype in (torch.float64, torch.float32):
            weights = drawn_weights(draw, 8, 2)
            x = drawn_maps(draw, 2, 8, 3, 2).to(dtype)
            model = ChannelTransformer(8, 2).to(dtype).eval()
            model.load_state_dict(weights)
            with torch.no_grad():
                expected = model(x)
            seen = watched(submission, [x], weights, channels=8, num_heads=2)
            expect_close(
                seen["values"][0],
                expected,
                atol=1e-4,
                what="the output",
                given=f"drawn maps of {dtype}",
            )
            after = seen.get("inputs")
            expect_kept(after[0] if type(after) is list else None, x, "the input")

    @graded(1, "inputs that are not 4-dimensional, or heads that do not fit, are refused",
            after="test_drawn")  # fmt: skip
    def test_refused(self, submission: Submission, draw: torch.Generator) -> None:
        for shape in ((6, 2, 3), (2, 6, 3, 2, 1)):
            module = submission.construct(6, 2)
            try:
                module.call("__call__", torch.rand(*shape, generator=draw))
            except SubmissionError as error:
                if error.not_started:
                    raise
                expect(
                    "ValueError" in error.types,
                    f"an input of shape {shape} should raise a ValueError; it raised {error}.",
                    misconception=REFUSED,
                )
            else:
                fail(
                    f"an input of shape {shape} should raise a ValueError; it is accepted.",
                    misconception=REFUSED,
                )
        submission.constructing_raises("ValueError", 6, 4)


REFUSED = Misconception(
    "takes inputs of any number of dimensions",
    "The check above your lines was given: an input (N, C, H, W), or a ValueError.",
)
