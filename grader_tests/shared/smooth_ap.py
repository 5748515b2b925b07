"""What the tests of both forms of Smooth-AP share."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    expect,
    expect_close,
    expect_gradient,
    expect_tensor,
)
from grader_tests.shared.losses import expect_zero_for_nothing

# Lengths differ; products 7 (two images), 2 (four) and 5 (one), in no order.
ROWS = torch.tensor([[3.0, 4], [1, 0], [4, 3], [0, 2], [5, 1], [-1, 1], [2, 2]])
LABELS = torch.tensor([7, 2, 7, 2, 2, 5, 2])
GIVEN = "seven images of products 7, 2, 7, 2, 2, 5, 2, temperature 0.1"
# Four images at two places; the products at the places, and across them.
CORNERS = torch.eye(2)[[0, 0, 1, 1]]
APART, ACROSS = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
REVERSED = Misconception(
    "takes the difference the wrong way round",
    "Image j stands above image i when s_j - s_i is positive. With s_i - s_j the ranks are counted "
    "from the bottom.",
)
ITSELF = Misconception(
    "compares each item with itself",
    "G(s_i - s_i) = G(0) = ½: every rank is half a place too large. Leave j = i out, or take the ½ "
    "off again.",
)
QUERY_OUT = Misconception(
    "leaves the query out",
    "As published, the query is an image of the batch like the others: it is one of its relevant "
    "items, and it is ranked.",
)
NOT_UNIT = Misconception(
    "compares inner products of vectors of any length",
    "Similarities are cosines: scale the rows to length 1 first.",
)
NEGATIVES_ONLY = Misconception(
    "counts only negatives in the lower rank",
    "R(i, Ω) is the rank among all images, relevant ones included.",
)
ONE_MEAN = Misconception(
    "averages over all pairs at once",
    "First comes the mean over the relevant items of each query, then the mean over the queries. "
    "Otherwise products with many images weigh more.",
)
ALONE_COUNTED = Misconception(
    "counts images alone of their product as queries",
    "An image whose product has no other in the batch has nothing to find: it is no query. The "
    "others still search among all images.",
)


def _one(value: float) -> torch.Tensor:
    return torch.tensor(value)


WRONG_LOSSES = [
    (0.4927975, REVERSED),
    (0.2787169, ITSELF),
    (0.4435619, QUERY_OUT),
    (0.2663637, NOT_UNIT),
    (-0.0064760, NEGATIVES_ONLY),
    (0.3150359, ONE_MEAN),
    (0.2849042, ALONE_COUNTED),
    (0.4555098, Misconception(
        "multiplies by the temperature",
        "G(x) = 1 / (1 + exp(-x / τ)): the smaller the temperature, the steeper the step.")),
    (0.5629205, Misconception(
        "counts the query in the divisor, but not in the sum",
        "Either the query is a relevant item, in the sum and in |P|, or it is in neither. Here it "
        "is one.")),
    (0.6289894, Misconception(
        "averages 1/rank",
        "In the numerator stands the smooth rank of the item among the relevant ones.")),
    (0.0, Misconception(
        "divides a rank by itself",
        "The upper rank counts relevant images only, the lower rank all of them.")),
    (0.6756970, Misconception(
        "returns the average precision, not the loss",
        "A loss falls as things get better: 1 minus the mean of the average precisions.")),
    (1.9458177, Misconception(
        "sums over the queries", "The loss is a mean over the queries.")),
    (0.2779739, Misconception(
        "divides by the size of the batch",
        "Divide by the number of queries. An image alone of its product is none.")),
    (0.3105494, Misconception(
        "takes images alone of their product out of the batch",
        "They are no queries, but the others must not take them for their own: they stay among the "
        "images that are ranked.")),
    (0.5221448, Misconception(
        "forgets the 1 of a rank", "R(i, S) = 1 + Σ G(s_j - s_i).")),
    (0.2109127, Misconception(
        "uses the step itself, not a sigmoid",
        "The step has gradient 0 wherever it has one. Put G in its place.")),
    (0.3580537, Misconception(
        "looks at positions, not at labels",
        "Images of a product may stand anywhere in the batch: compare labels.")),
]  # fmt: skip
KNOWN = [(_one(value), mistake) for value, mistake in WRONG_LOSSES]
ONE_ENTRY: dict[tuple[int, ...], Misconception] = {
    (1,): Misconception("returns a vector of one entry", "A loss is a scalar, of shape ()."),
    (7,): Misconception("returns one loss a query", "The loss is their mean: one number."),
}
HALF = Misconception(
    "takes one of the two similarities as a constant",
    "A rank depends on the similarity of the item and on those of all others: both s_j and s_i "
    "carry gradients.",
)


def expect_smooth_ap(submission: Submission) -> None:
    """Fail unless the loss of the seven images is right, in both precisions."""
    expect_tensor(
        submission.call(ROWS, LABELS, 0.1), shape=(), what="the loss", misconceptions=ONE_ENTRY
    )
    expect_close(
        submission.call(ROWS, LABELS, 0.1), _one(0.3243030), what="the loss", given=GIVEN,
        misconceptions=KNOWN,
    )  # fmt: skip
    exact = torch.tensor(0.32430295475770593, dtype=torch.float64)
    expect_close(submission.call(ROWS.double(), LABELS, 0.1), exact, atol=1e-10, what="the loss",
                 given=f"{GIVEN}, in float64")  # fmt: skip


def expect_worked_out(submission: Submission) -> None:
    """Fail unless the cases that can be done by hand are right, at the default temperature."""
    positions, across = WRONG_LOSSES[-1][1], "four images at two places, products across them"
    known = [(_one(0.0), positions), (_one(0.3125), ITSELF), (_one(0.6), QUERY_OUT)]
    expect_close(submission.call(CORNERS, ACROSS), _one(8 / 21), what="the loss", given=across,
                 misconceptions=known)  # fmt: skip
    expect_close(submission.call(CORNERS, APART), _one(0.0), what="the loss",
                 given="four images at two places, a product at each")  # fmt: skip
    expect_close(
        submission.call(torch.ones(4, 2), APART),
        _one(0.4),
        what="the loss",
        given="four equal embeddings, two of each product",
        help="All sigmoids are ½: of each query both relevant items have rank 1.5 of 2.5.",
    )


def expect_smooth_gradient(submission: Submission) -> None:
    """Fail unless the gradient is that of the published form."""
    rows = torch.tensor([[3.0, 4], [1, 0], [4, 3], [0, 2]], dtype=torch.float64)
    expected = torch.tensor(
        [
            [-0.011382220492, 0.008536665369],
            [0, 0.167058830854],
            [0.008536665369, -0.011382220492],
            [0.083529415427, 0],
        ],
        dtype=torch.float64,
    )
    half = torch.tensor(
        [
            [-0.005675257036, 0.004256442777],
            [0, 0.176165186766],
            [0.004256442777, -0.005675257036],
            [0.088082593383, 0],
        ],
        dtype=torch.float64,
    )
    half_with_itself = torch.tensor(
        [
            [-0.007254123146, 0.005440592359],
            [0, 0.136980287154],
            [0.005440592359, -0.007254123146],
            [0.068490143577, 0],
        ],
        dtype=torch.float64,
    )
    _, (gradient,) = submission.vjp(rows, ACROSS, 0.2, wrt=(0,))
    expect_gradient(gradient, expected, of="embeddings", count=4, atol=1e-9,
                    given="four images of two products, temperature 0.2",
                    misconceptions=[(half, HALF), (half_with_itself, HALF)])  # fmt: skip


def expect_no_overflow(submission: Submission) -> None:
    """Fail where exp() of a large number leaves nan in the gradient."""
    opposite = torch.tensor([[1.0, 0], [-1, 0], [1, 0], [-1, 0]])
    value, (gradient,) = submission.vjp(opposite, APART, 0.001, wrt=(0,))
    expect_tensor(value, shape=(), what="the loss")
    finite = isinstance(gradient, torch.Tensor) and bool(gradient.isfinite().all())
    expect(
        bool(value.isfinite()) and finite,
        "With temperature 0.001 and opposite embeddings loss and gradient should be finite.",
        misconception=Misconception(
            "overflows",
            "exp(2000) is infinite, and the chain rule multiplies infinity by 0. torch.sigmoid "
            "knows how to avoid that.",
        ),
    )


def expect_no_query(submission: Submission) -> None:
    """Fail unless a batch without two images of a product costs 0 and accepts backward()."""
    expect_zero_for_nothing(submission, (ROWS[:3], torch.tensor([4, 1, 9])), wrt=(0,))


def products(count: int, images: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings in no special place, and the labels of so many products."""
    angles = torch.arange(count * images) * 2.4
    rows = torch.stack([angles.cos(), angles.sin(), (3 * angles).cos()], dim=1)
    return rows, torch.arange(count).repeat(images)
