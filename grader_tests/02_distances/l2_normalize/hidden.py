"""Hidden tests of l2_normalize."""

import torch

from autograder.testing import (
    Misconception,
    Submission,
    expect_close,
    expect_gradient,
    expect_tensor,
    fail,
    graded,
    hidden_tests,
)
from course_lib.distances import l2_normalize
from grader_tests.shared.hidden_distances import (
    HALF_OVERFLOW,
    expect_double_precision,
    first_of,
    overflowed,
)

EPS_ADDED = Misconception(
    "adds eps to the length",
    "Divide by max(‖x‖, eps): a row longer than eps then gets length 1 exactly, not almost.",
)
EPS_UNDER_ROOT = Misconception(
    "applies eps to the squared length, under the root",
    "eps is the smallest length divided by: take the root first, then the maximum with eps.",
)
EPS_IGNORED = Misconception(
    "ignores eps",
    "Divide by max(‖x‖, eps): rows shorter than eps are divided by eps and stay short.",
)
EPS_VANISHES = Misconception(
    "raises the lengths to an eps that is 0 in float16",
    "The smallest float16 is 6e-8, so that 1e-12 becomes 0, and a row of zeros is divided by 0. "
    "Take the lengths in float32 or wider, and return to the dtype of x after the division.",
)
LENGTH_DETACHED = Misconception(
    "treats the length as a constant in the gradient",
    "The length depends on x, too: without its part of the gradient, a step would try to stretch a "
    "row, which changes nothing. No detach() or no_grad() around the length.",
)


@hidden_tests("l2_normalize")
class TestL2NormalizeHidden:
    """x / max(‖x‖₂, eps), row by row."""

    @graded(
        2,
        "random float64 rows of any shape and scale, within 1e-10",
        after="test_rows_get_length_one",
    )
    def test_rows_of_any_scale(self, submission: Submission, draw: torch.Generator) -> None:
        for rows, columns in ((7, 5), (4, 4), (1, 6), (6, 1)):
            x = torch.randn(rows, columns, generator=draw, dtype=torch.float64)
            x = x.sign() * x.abs().clamp_min(0.5)
            x = x * 10.0 ** torch.randint(0, 5, (rows, 1), generator=draw)
            given = f"a random x of shape {tuple(x.shape)}, float64"
            value = submission.call(x)
            expect_double_precision(value, l2_normalize(x), given)
            expect_close(value, l2_normalize(x), atol=1e-10, given=given)

    @graded(1, "rows shorter than eps are divided by eps", after="test_rows_get_length_one")
    def test_eps_is_the_smallest_divisor(
        self, submission: Submission, draw: torch.Generator
    ) -> None:
        scale = 0.5 + torch.rand((), generator=draw, dtype=torch.float64)
        x = torch.tensor([[0.18, 0.24], [3.0, 4.0]], dtype=torch.float64) * scale
        eps = 0.5 * float(scale)
        short = torch.tensor([0.3, 5.0], dtype=torch.float64)[:, None] * scale
        expect_close(
            submission.call(x, eps=eps),
            l2_normalize(x, eps),
            atol=1e-6,
            given="rows of length 0.6 eps and 10 eps",
            help="The first row should get length 0.6, the second length 1.",
            misconceptions=[
                (x / short, EPS_IGNORED),
                (x / (short + eps), EPS_ADDED),
                (x / (short.square() + eps).sqrt(), EPS_UNDER_ROOT),
                (x / (short.square() + eps**2).sqrt(), EPS_UNDER_ROOT),
                (x / short.square().clamp_min(eps).sqrt(), EPS_UNDER_ROOT),
            ],
        )

    @graded(2, "the gradient passes through the length, too", after="test_rows_get_length_one")
    def test_gradient(self, submission: Submission, draw: torch.Generator) -> None:
        x = torch.randn(5, 4, generator=draw, dtype=torch.float64)
        x = x + 0.5 * x.sign()
        cotangent = torch.randn(5, 4, generator=draw, dtype=torch.float64)
        value, gradients = submission.vjp(x, wrt=[0], cotangent=cotangent)
        expect_close(value, l2_normalize(x), atol=1e-6)
        length = x.square().sum(dim=1, keepdim=True).sqrt()
        unit = x / length
        along = (cotangent * unit).sum(dim=1, keepdim=True)
        expect_gradient(
            first_of(gradients),
            (cotangent - along * unit) / length,
            of="x",
            atol=1e-6,
            help="For f = x/‖x‖ it is (g - ⟨g, f⟩ f) / ‖x‖, where g comes from above.",
            misconceptions=[(cotangent / length, LENGTH_DETACHED)],
        )

    @graded(
        1, "float16 rows: lengths in float32, result in float16", after="test_rows_get_length_one"
    )
    def test_half_precision(self, submission: Submission, draw: torch.Generator) -> None:
        signs = torch.randint(0, 2, (3, 4), generator=draw) * 2 - 1
        x = (signs * 300).half()
        value = expect_tensor(submission.call(x), shape=(3, 4))
        if overflowed(value):
            fail("rows of ±300 in float16: the result overflows.", misconception=HALF_OVERFLOW)
        expect_close(value, (0.5 * signs).half(), atol=1e-3, given="rows of four ±300 in float16")
        zeros = torch.zeros(1, 4).half()
        value = expect_tensor(submission.call(torch.cat([x, zeros])), shape=(4, 4))
        if bool(value.isnan().any()):
            fail("a row of zeros in float16 becomes nan.", misconception=EPS_VANISHES)
        expect_close(value[3:], zeros, atol=0, given="a row of zeros in float16")
