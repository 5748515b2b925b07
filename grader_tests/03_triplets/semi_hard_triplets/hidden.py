"""Hidden tests of semi_hard_triplets."""

from collections import Counter

import torch

from autograder.testing import Misconception, Submission, expect, graded, hidden_tests
from grader_tests.shared.hidden_triplets import random_labels
from grader_tests.shared.index_rows import index_rows
from grader_tests.shared.semi_hard_triplets import NAMES, Batch, expect_semi_hard, symmetric

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


def random_batch(
    draw: torch.Generator, labels: torch.Tensor, margin: float, dtype: torch.dtype = torch.float32
) -> Batch:
    """Return squared distances on a grid of 1/32 that keep 1/160 away from both ends of the band.

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
    def test_drawn_batches(self, submission: Submission, draw: torch.Generator) -> None:
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
    def test_equal_chances(self, submission: Submission, draw: torch.Generator) -> None:
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
    def test_memory(self, submission: Submission, draw: torch.Generator) -> None:
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
