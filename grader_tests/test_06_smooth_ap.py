"""Public tests of assignment 06, Smooth-AP."""

from __future__ import annotations

from typing import Any

import torch

from autograder.testing.declarations import exercise, graded
from autograder.testing.expectations import (
    Misconception,
    expect,
    expect_close,
    expect_gradient,
    expect_same_steps,
    expect_tensor,
)
from grader_tests.loss_expectations import LOOP, expect_vectorised, expect_zero_for_nothing

# average precision -----------------------------------------------------------------------------

SCORES = torch.tensor([[0.9, 0.1, 0.5, 0.7, 0.3], [0.2, 0.8, 0.4, 0.6, 0.1]])
RELEVANT = torch.tensor([[False, True, True, False, True], [True, True, False, False, True]])
TIED = torch.tensor([[0.5, 0.5, 0.25, 0.75], [0.5, 0.25, 0.25, 0.25]])
TIED_RELEVANT = torch.tensor([[False, True, True, False], [False, True, False, False]])


def _row(*values: float) -> torch.Tensor:
    return torch.tensor(values)


WRONG_PRECISIONS = [
    (_row(1.0, 0.8666667), Misconception(
        "ranks the least similar item first",
        "Rank 1 is the most similar item: count the items with a greater similarity, s_j > s_i.")),
    (_row(0.5888889, 0.7555556), Misconception(
        "an item counts as above itself",
        "R(i, S) = 1 + the number of items with a greater similarity. With >= the item itself is "
        "counted, too, and every rank is one too large.")),
    (_row(0.2611111, 0.4833333), Misconception(
        "averages 1/rank",
        "In the numerator stands the rank of the item among the relevant ones: 1 for the first of "
        "them, 2 for the second.")),
    (_row(1 / 3, 1.0), Misconception(
        "looks at the first relevant item only",
        "That is the reciprocal rank. Average precision is a mean over all relevant items.")),
    (_row(0.2866667, 0.42), Misconception(
        "divides by the number of items",
        "The mean is over the relevant items: divide by how many of them there are.")),
    (_row(0.2866667, 0.5866667), Misconception(
        "averages the precision at every item",
        "Only the precisions at the ranks of relevant items are averaged.")),
    (_row(1 / 3, 1 / 3), Misconception(
        "is the precision among the first |P| items",
        "That looks at one rank only. Average precision looks at the rank of each relevant item.")),
    (_row(0.2777778, 0.2777778), Misconception(
        "ranks begin at 0", "The item that nothing stands above has rank 1.")),
    (_row(1.3055556, 0.6833333), Misconception(
        "takes argsort for ranks",
        "argsort says which item stands at a rank. The rank of an item is the inverse of that: "
        "the argsort of the argsort, or a count of the items above it.")),
]  # fmt: skip


@exercise(
    "average_precision",
    object="course_lib.losses.average_precision",
    title="Average precision, of similarities",
    points=20,
    difficulty=2,
    minutes=15,
    hints=(
        "First the rank of every item of every query, as if all were relevant: a (Q, R) matrix.",
        "The rank of an item is 1 + how many items of its row are more similar. A comparison of "
        "every two items of a row, (Q, R, R), summed over its last dimension, counts them.",
        "The same count over relevant items only gives the numerator. Divide, keep the relevant "
        "items, sum over each row and divide by the number of relevant items.",
    ),
)
class TestAveragePrecision:
    """1/|P| Σ R(i, P) / R(i, Ω)."""

    @graded(5, "two rankings, worked out by hand")
    def test_two_rankings(self, submission):
        expect_tensor(
            submission.call(SCORES, RELEVANT),
            shape=(2,),
            what="the average precision",
            misconceptions={(): Misconception(
                "returns one number",
                "Each query has an average precision: (Q,) of them. The mean comes later.")},
        )  # fmt: skip
        expect_close(
            submission.call(SCORES, RELEVANT),
            _row(0.4777778, 0.7),
            what="the average precision",
            given="relevant items at ranks 3, 4 and 5 of five, and at ranks 1, 4 and 5",
            help="The precisions there are 1/3, 2/4, 3/5, and 1/1, 2/4, 3/5.",
            misconceptions=WRONG_PRECISIONS,
        )

    @graded(3, "equally similar items share the better rank")
    def test_ties(self, submission):
        expect_close(
            submission.call(TIED, TIED_RELEVANT),
            _row(0.5, 0.5),
            what="the average precision",
            given=f"similarities {TIED.tolist()}, relevant {TIED_RELEVANT.tolist()}",
            help="Items count as above only if they are more similar: s_j > s_i.",
            misconceptions=[
                (_row(0.4166667, 0.5), TIES_BY_POSITION),
                (_row(0.4166667, 0.25), TIES_WORSE),
                (_row(0.55, 0.4), WRONG_PRECISIONS[1][1]),
            ],
        )
        first = torch.tensor([[True, False, False, False]])
        expect_close(
            submission.call(torch.ones(1, 4), first.roll(3)),
            _row(1.0),
            what="the average precision",
            given="four equal similarities, the last item relevant",
            misconceptions=[(_row(0.25), TIES_BY_POSITION)],
        )

    @graded(3, "a perfect ranking gives 1, and the worst |P| of R what it should",
            after="test_two_rankings")  # fmt: skip
    def test_best_and_worst(self, submission):
        scores = torch.arange(6.0)[None].expand(2, -1).contiguous()
        relevant = torch.tensor([[False] * 4 + [True] * 2, [True] * 2 + [False] * 4])
        expect_close(
            submission.call(scores, relevant),
            _row(1.0, (1 / 5 + 2 / 6) / 2),
            what="the average precision",
            given="two relevant items of six, ranked first and ranked last",
        )

    @graded(2, "nan where nothing is relevant: it is not defined there", after="test_two_rankings")
    def test_nothing_relevant(self, submission):
        relevant = torch.stack([RELEVANT[0], torch.zeros(5, dtype=torch.bool)])
        value = expect_tensor(
            submission.call(SCORES, relevant), shape=(2,), what="the average precision"
        )
        expect_close(value[:1], _row(0.4777778), what="the first query's average precision")
        expect(
            bool(value[1].isnan()),
            "A query without any relevant item has no average precision: it should be nan; it is "
            f"{float(value[1]):.3g}.",
            misconception=Misconception(
                "gives 0 to a query without relevant items",
                "0 would say that the ranking is as bad as can be. 0 / 0 in torch is nan: just let "
                "it happen.",
            ),
        )

    @graded(1, "no Python loop", after="test_two_rankings")
    def test_no_loop(self, submission):
        def batch(queries: int) -> tuple[torch.Tensor, ...]:
            scores = torch.linspace(0, 1, 4 * queries).view(queries, 4)
            return scores, torch.arange(4 * queries).view(queries, 4) % 2 == 0

        expect_vectorised(submission, batch(3), batch(30))


TIES_BY_POSITION = Misconception(
    "breaks ties by position",
    "A sort puts one of two equally similar items first. Here neither stands above the other: both "
    "have the better rank.",
)
TIES_WORSE = Misconception(
    "equally similar items share the worse rank",
    "With >= an equally similar item stands above. The rank counts greater similarities only.",
)


# Smooth-AP -------------------------------------------------------------------------------------

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
ONE_ENTRY = {
    (1,): Misconception("returns a vector of one entry", "A loss is a scalar, of shape ()."),
    (7,): Misconception("returns one loss a query", "The loss is their mean: one number."),
}
HALF = Misconception(
    "takes one of the two similarities as a constant",
    "A rank depends on the similarity of the item and on those of all others: both s_j and s_i "
    "carry gradients.",
)


def expect_smooth_ap(submission: Any) -> None:
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


def expect_worked_out(submission: Any) -> None:
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


def expect_smooth_gradient(submission: Any) -> None:
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


def expect_no_overflow(submission: Any) -> None:
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


def expect_no_query(submission: Any) -> None:
    """Fail unless a batch without two images of a product costs 0 and accepts backward()."""
    expect_zero_for_nothing(submission, (ROWS[:3], torch.tensor([4, 1, 9])), wrt=(0,))


def products(count: int, images: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings in no special place, and the labels of so many products."""
    angles = torch.arange(count * images) * 2.4
    rows = torch.stack([angles.cos(), angles.sin(), (3 * angles).cos()], dim=1)
    return rows, torch.arange(count).repeat(images)


@exercise(
    "dense_smooth_ap_loss",
    object="course_lib.losses.dense_smooth_ap_loss",
    title="Smooth-AP, as published: all comparisons at once",
    points=30,
    difficulty=3,
    minutes=25,
    hints=(
        "Follow the shapes: cosines (B, B), then above[q, i, j] (B, B, B), then two ranks (B, B), "
        "one average precision a query (B,), the loss ().",
        "torch.sigmoid((s[:, None, :] - s[:, :, None]) / temperature), and 0 where i is j. A sum "
        "over j gives the rank; with the labels as a mask of j, the rank among relevant images.",
        "Sum the quotients over the relevant i and divide by their number. Keep the queries with "
        "more than one relevant image (the query is one). Sum their losses, and divide by "
        "max(number, 1).",
    ),
)
class TestDenseSmoothAPLoss:
    """1 minus the mean of the smooth average precisions."""

    @graded(6, "the loss of seven images, labels in no order")
    def test_seven_images(self, submission):
        expect_smooth_ap(submission)

    @graded(4, "three batches worked out by hand, at the default temperature")
    def test_worked_out(self, submission):
        expect_worked_out(submission)

    @graded(5, "the gradient of the embeddings, float64")
    def test_gradient(self, submission):
        expect_smooth_gradient(submission)

    @graded(2, "a small temperature: no infinity, no nan", after="test_seven_images")
    def test_no_overflow(self, submission):
        expect_no_overflow(submission)

    @graded(2, "no query: a zero that backward() accepts", after="test_seven_images")
    def test_no_query(self, submission):
        expect_no_query(submission)

    @graded(2, "no Python loop over the batch", after="test_seven_images")
    def test_no_loop(self, submission):
        expect_vectorised(submission, products(3), products(6))


# the lean form ---------------------------------------------------------------------------------

WITHOUT_QUERY = [
    (0.3243030, Misconception(
        "ignores count_query", "With count_query=False the query is no relevant item of its own.")),
    (0.5673285, Misconception(
        "leaves the query in the ranks",
        "With count_query=False the query is out of the search altogether: no relevant item, and "
        "above no other. A similarity of -inf stands above nothing.")),
    (0.6388187, REVERSED),
    (0.3750020, ITSELF),
    (0.3078185, NEGATIVES_ONLY),
    (0.3197632, NOT_UNIT),
    (0.4279489, ONE_MEAN),
    (0.3801960, ALONE_COUNTED),
]  # fmt: skip
CUBE = Misconception(
    "compares every two images for every query",
    "Only ranks of relevant items are needed. Make one row of B comparisons for each pair of a "
    "query and one of its relevant items: nonzero() of the mask lists the pairs.",
)
CHUNKS_IGNORED = Misconception(
    "ignores chunk_size",
    "With chunk_size=c no tensor has more than c rows of B comparisons.",
)
CHUNKS_AVERAGED = Misconception(
    "averages the chunks",
    "The pairs of a chunk are no queries, and the last chunk may be smaller: join the quotients of "
    "all chunks, then average as without chunks.",
)


def bytes_made(submission: Any, images: int, **settings: Any) -> int:
    """Of the largest tensor of 48 images, float32."""
    return submission.trace(*products(48 // images, images), **settings).largest_storage


@exercise(
    "smooth_ap_loss",
    object="course_lib.losses.smooth_ap_loss",
    title="Smooth-AP with a fraction of the memory",
    points=30,
    difficulty=4,
    minutes=30,
    hints=(
        "List the pairs (query, relevant item) with nonzero() of the mask of relevant items, after "
        "the queries without others are taken out of it. There are B·P of them, not B².",
        "For the pairs (q, i): s[q] are rows of B similarities, s[q, i][:, None] what each is "
        "compared with. The sum of the sigmoids has G(0) = ½ for i itself: + 0.5 instead of + 1.",
        "For chunks: a function from (q, i) to the quotients, called on q.split(c) and i.split(c) "
        "through torch.utils.checkpoint.checkpoint(..., use_reentrant=False), then torch.cat. "
        "Without the query: its similarity to itself becomes -inf before anything is compared.",
    ),
)
class TestSmoothAPLoss:
    """The same value and gradient, of B²P comparisons."""

    @graded(5, "the loss of seven images, labels in no order")
    def test_seven_images(self, submission):
        expect_smooth_ap(submission)
        expect_worked_out(submission)

    @graded(4, "the gradient of the embeddings, float64")
    def test_gradient(self, submission):
        expect_smooth_gradient(submission)
        expect_no_overflow(submission)

    @graded(4, "count_query=False leaves the query out of relevant items and ranks")
    def test_without_query(self, submission):
        expect_close(
            submission.call(ROWS, LABELS, 0.1, count_query=False),
            _one(0.4435620),
            what="the loss",
            given=f"{GIVEN}, count_query=False",
            misconceptions=[(_one(value), mistake) for value, mistake in WITHOUT_QUERY],
        )
        expect_close(submission.call(CORNERS, ACROSS, count_query=False), _one(0.6),
                     what="the loss", given="four images at two places, products across them, "
                     "count_query=False")  # fmt: skip

    @graded(3, "in chunks: the same value, with the query and without", after="test_seven_images")
    def test_chunks(self, submission):
        for count_query, value in ((True, 0.3243030), (False, 0.4435620)):
            for chunk_size in (3, 100, 1):
                expect_close(
                    submission.call(
                        ROWS, LABELS, 0.1, count_query=count_query, chunk_size=chunk_size
                    ),
                    _one(value),
                    what="the loss",
                    given=f"{GIVEN}, count_query={count_query}, chunk_size={chunk_size}",
                    help=CHUNKS_AVERAGED.help,
                    misconceptions=[(_one(0.3355622), CHUNKS_AVERAGED)],
                )

    @graded(4, "memory: no tensor of B x B x B entries, and no more than a chunk of pairs",
            after="test_seven_images")  # fmt: skip
    def test_memory(self, submission):
        made, lean = bytes_made(submission, 2), 48 * 48 * 2 * 4
        expect(
            made <= 4 * lean,
            f"For 48 images, 2 of each product, {lean} bytes hold all comparisons that are needed. "
            f"The largest tensor has {made}.",
            misconception=CUBE,
        )
        made, square = bytes_made(submission, 16, chunk_size=8), 48 * 48 * 4
        expect(
            made <= 4 * square,
            f"With 48 images and chunk_size=8 a chunk has {8 * 48 * 4} bytes, and the similarities "
            f"have {square}. The largest tensor has {made}.",
            misconception=CHUNKS_IGNORED,
        )

    @graded(2, "no query: a zero that backward() accepts", after="test_seven_images")
    def test_no_query(self, submission):
        expect_no_query(submission)

    @graded(2, "without chunks, as many steps for any batch", after="test_seven_images")
    def test_steps(self, submission):
        expect_same_steps(
            submission.trace(*products(3)),
            submission.trace(*products(12)),
            of="the batch",
            sizes=("6 images", "24"),
            misconception=LOOP,
        )
