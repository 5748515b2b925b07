"""Hidden tests of assignment 03, triplets: inputs drawn with the instructor's secret."""

from collections import Counter

import torch

from autograder.testing.declarations import graded, hidden_tests
from autograder.testing.expectations import (
    Misconception,
    expect,
    expect_close,
    expect_gradient,
)
from course_lib.losses import contrastive_loss, triplet_loss
from course_lib.mining import anchor_positive_pairs
from grader_tests.test_03_triplets import (
    NAMES,
    Batch,
    expect_semi_hard,
    index_rows,
    symmetric,
)

REDUCTIONS = ("none", "sum", "mean")
ONE_DRAW = Misconception(
    "shares one draw among several pairs",
    "Each pair draws for itself. Random numbers that belong to an image, or to an anchor, make all "
    "pairs that they serve choose the same negative.",
)
NOT_UNIFORM = Misconception(
    "does not give the semi-hard negatives equal chances",
    "Each semi-hard negative of a pair has the same chance, however near it is and wherever it "
    "stands in the batch.",
)
ALL_TRIPLETS_AT_ONCE = Misconception(
    "makes a table of all triplets of the batch",
    "B³ entries are a gigabyte for 1000 images, and nearly all of them are no triplets at all. One "
    "row for each anchor-positive pair is enough: (P, B).",
)


def random_pairs(draw, dtype=torch.float64):
    """Pairs at distances 0.05, 0.15, ..., 1.95: never within 0.04 of a margin of 0.7 or 1."""
    distances = 0.05 + 0.1 * torch.randperm(20, generator=draw, dtype=torch.float64)
    x, direction = torch.randn(2, 20, 16, generator=draw, dtype=torch.float64)
    apart = distances[:, None] * direction / direction.norm(dim=1, keepdim=True)
    similar = torch.randperm(20, generator=draw) % 3 == 0
    return x.to(dtype), (x + apart).to(dtype), similar


@hidden_tests("contrastive_loss")
class TestContrastiveLossHidden:
    """Drawn pairs, compared with the reference."""

    @graded(2, "drawn pairs and margins, float64 within 1e-10 and float32 within 1e-5")
    def test_drawn_pairs(self, submission, draw):
        for dtype, atol in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
            pairs = random_pairs(draw, dtype)
            for margin in (1.0, 0.7):
                expect_close(
                    submission.call(*pairs, margin),
                    contrastive_loss(*pairs, margin),
                    atol=atol,
                    what="the loss",
                    given=f"20 drawn pairs, margin {margin}",
                )
        for pair in zip(*(rows.split(1) for rows in random_pairs(draw)), strict=True):
            expect_close(
                submission.call(*pair),
                contrastive_loss(*pair),
                atol=1e-10,
                what="the loss",
                given="one drawn pair alone",
                help="One pair counts as one: its cost is divided by 2N = 2.",
            )

    @graded(2, "gradients of drawn pairs, float64 within 1e-10")
    def test_drawn_gradients(self, submission, draw):
        x, y, similar = random_pairs(draw)
        _, gradients = submission.vjp(x, y, similar, 0.7, wrt=(0, 1))
        for name, gradient, wanted in zip(
            ("x", "y"), gradients, gradients_of(contrastive_loss, (x, y), similar, 0.7), strict=True
        ):
            expect_gradient(gradient, wanted, of=name, count=20, given="20 drawn pairs")


def gradients_of(loss, embeddings, *rest):
    """Gradients of the reference's loss with respect to the embeddings."""
    leaves = [rows.clone().requires_grad_(True) for rows in embeddings]
    return torch.autograd.grad(loss(*leaves, *rest), leaves)


def random_triplets(draw, margin, dtype=torch.float64):
    """Drawn triplets whose loss is at least 1e-2 away from the hinge."""
    anchor, positive, negative = torch.randn(3, 60, 8, generator=draw, dtype=torch.float64)
    anchor = 0.3 * anchor  # short rows: the Gram form in float32 stays far inside the tolerance
    positive, negative = anchor + 0.4 * positive, anchor + 0.4 * negative
    loss = (anchor - positive).square().sum(1) - (anchor - negative).square().sum(1) + margin
    clear = loss.abs() > 1e-2
    return [rows[clear].to(dtype) for rows in (anchor, positive, negative)]


@hidden_tests("triplet_loss")
class TestTripletLossHidden:
    """Drawn triplets, compared with the reference."""

    @graded(2, "drawn triplets, every reduction, float64 within 1e-10 and float32 within 1e-4")
    def test_drawn_triplets(self, submission, draw):
        for dtype, atol in ((torch.float64, 1e-10), (torch.float32, 1e-4)):
            triplets = random_triplets(draw, 0.3, dtype)
            for reduction in REDUCTIONS:
                expect_close(
                    submission.call(*triplets, 0.3, reduction),
                    triplet_loss(*triplets, 0.3, reduction),
                    atol=atol,
                    what="the loss",
                    given=f'drawn triplets, margin 0.3, reduction "{reduction}"',
                )

    @graded(2, "gradients of drawn triplets, float64 within 1e-10")
    def test_drawn_gradients(self, submission, draw):
        triplets = random_triplets(draw, 0.3)
        count = len(triplets[0])
        for reduction in ("mean", "sum"):
            _, gradients = submission.vjp(*triplets, 0.3, reduction, wrt=(0, 1, 2))
            for name, gradient, wanted in zip(
                ("anchor", "positive", "negative"),
                gradients,
                gradients_of(triplet_loss, triplets, 0.3, reduction),
                strict=True,
            ):
                expect_gradient(
                    gradient,
                    wanted,
                    of=name,
                    count=count,
                    given=f'{count} drawn triplets, reduction "{reduction}"',
                )


def random_labels(draw, products=9, most=5):
    """Product ids, any integers, of 1 to `most` images each, in mixed order."""
    ids = 1000 * torch.randperm(products, generator=draw) - 4000
    counts = 1 + torch.arange(products) % most
    labels = ids.repeat_interleave(counts)
    return labels[torch.randperm(len(labels), generator=draw)]


@hidden_tests("anchor_positive_pairs")
class TestAnchorPositivePairsHidden:
    """Drawn labels, compared with the reference."""

    @graded(3, "drawn labels: products of 1 to 5 images in mixed order, ids that are any integers")
    def test_drawn_labels(self, submission, draw):
        labels = random_labels(draw)
        rows = index_rows(submission.call(labels), ("anchors", "positives"), len(labels))
        wanted = set(zip(*(index.tolist() for index in anchor_positive_pairs(labels)), strict=True))
        missing, surplus = sorted(wanted - set(rows)), sorted(set(rows) - wanted)
        expect(
            len(rows) == len(wanted) and not surplus and not missing,
            f"The labels {labels.tolist()} have {len(wanted)} ordered pairs; {len(rows)} came back."
            + (f" Missing, for one: {missing[0]}." if missing else "")
            + (f" Not asked for, for one: {surplus[0]}." if surplus else ""),
            help="Images of a product need not stand together, and ids are no positions.",
        )


def random_batch(draw, labels, margin, dtype=torch.float32):
    """Squared distances on a grid of 1/32 that keep 1/160 away from both ends of the band.

    Within a product they are even multiples, between products odd ones. So a difference is an odd
    multiple of 1/32; margins of 0.2 (6.4 / 32) and 0.5 (16 / 32) are none.
    """
    size = len(labels)
    own = 16 + 2 * torch.randint(16, (size, size), generator=draw)
    other = 1 + 2 * torch.randint(40, (size, size), generator=draw)
    table = torch.where(labels[:, None] == labels, own, other).triu(1)
    return Batch(((table + table.T) / 32).to(dtype), labels, margin)


@hidden_tests("semi_hard_triplets")
class TestSemiHardTripletsHidden:
    """Drawn batches; chances of the draw; memory."""

    @graded(3, "drawn batches in mixed order: each pair one semi-hard negative, or none")
    def test_drawn_batches(self, submission, draw):
        for margin, dtype in ((0.2, torch.float32), (0.5, torch.float64), (0.2, torch.float32)):
            batch = random_batch(draw, random_labels(draw), margin, dtype)
            expect_semi_hard(submission.call(*batch.arguments), batch)
        expect_semi_hard(submission.call(batch.distances, batch.labels), batch)
        # Two equal images, and a diagonal that rounding left a little above 0: no image is its own
        # negative, however far it seems to be from itself.
        distances = symmetric(4, {(0, 1): 0.0, (0, 2): 0.125}, others=3.0).fill_diagonal_(1 / 64)
        equal = Batch(distances, torch.tensor([5, 5, 7, 8]))
        expect_semi_hard(submission.call(*equal.arguments), equal)
        # Every image of another product: no pair, so three empty tensors.
        singles = random_batch(draw, torch.arange(6), 0.2)
        expect_semi_hard(submission.call(*singles.arguments), singles)

    @graded(3, "each pair draws for itself, each semi-hard negative with the same chance")
    def test_equal_chances(self, submission, draw):
        # 40 images of one product make 1560 pairs; of 12 other images four are semi-hard.
        order = torch.randperm(12, generator=draw)
        values = torch.tensor([33, 35, 37, 39, 20, 24, 28, 31, 48, 56, 64, 96])[order] / 32
        distances = torch.ones(52, 52)
        distances[:40, 40:] = values
        distances[40:, :40] = values[:, None]
        batch = Batch(
            distances.fill_diagonal_(0), torch.cat([torch.zeros(40), torch.arange(1, 13)]).long()
        )
        seed = int(torch.randint(1 << 30, (), generator=draw))
        chosen = expect_semi_hard(
            submission.call(*batch.arguments, generator=submission.generator(seed)), batch
        )
        for anchor in range(40):
            # 39 fair draws from four agree with probability 4^-38 = 1e-23.
            drawn = {n for (a, _), n in chosen.items() if a == anchor}
            expect(
                len(drawn) > 1,
                f"All 39 pairs of anchor {anchor} drew the same of four semi-hard negatives.",
                misconception=ONE_DRAW,
            )
        # Each count is binomial (1560, 1/4): mean 390, standard deviation 17. That any of the four
        # strays by more than 120 has a probability of 2e-11 (summed exactly).
        counts = Counter(chosen.values())
        expect(
            len(counts) == 4 and all(abs(count - 390) <= 120 for count in counts.values()),
            "1560 pairs with the same four semi-hard negatives should draw each about 390 times; "
            f"they drew them {sorted(counts.values())} times.",
            misconception=NOT_UNIFORM,
        )

    @graded(2, "memory for a table of pairs x images, not images x images x images")
    def test_memory(self, submission, draw):
        size = 192
        batch = random_batch(draw, torch.arange(size) // 4, 0.2)
        trace = submission.trace(*batch.arguments)
        index_rows(trace.value, NAMES, size)
        # (P, B) in float64 is 0.9 MB here; (B, B, B) is 7 MB as bool and 28 MB as float32.
        expect(
            trace.largest_storage <= 4_000_000,
            f"The largest tensor for {size} images took {trace.largest_storage / 1e6:.0f} MB; "
            "576 pairs x 192 images in float64 take 0.9 MB.",
            misconception=ALL_TRIPLETS_AT_ONCE,
        )
