"""Public tests of anchor_positive_pairs."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, exercise, expect, graded
from grader_tests.shared.index_rows import NO_PARTNER, UNORDERED, index_rows
from grader_tests.shared.steps import expect_vectorised

LABELS = torch.tensor([7, 3, 7, 3, 3, 9])
PAIRS = {(0, 2), (2, 0), (1, 3), (3, 1), (1, 4), (4, 1), (3, 4), (4, 3)}
TWICE = Misconception(
    "lists pairs more than once", "Each ordered pair of images belongs in the list once."
)
WRONG_PAIRS = [
    ({(a, p) for a, p in PAIRS if a < p}, UNORDERED),
    ({(a, p) for a, p in PAIRS if a > p}, UNORDERED),
    (PAIRS | {(i, i) for i in range(6)}, NO_PARTNER),
    ({(i, j) for i in range(6) for j in range(6) if i != j} - PAIRS, Misconception(
        "lists images of different products",
        "A positive shows the same product as the anchor: their labels are equal.")),
    ({(i, j) for i in range(6) for j in range(6) if i != j}, Misconception(
        "does not look at the labels", "Only images of the same product make a pair.")),
    ({(0, 2), (2, 0), (1, 3), (3, 4), (4, 1)}, Misconception(
        "gives each image one positive only",
        "Every other image of the product is a positive of the anchor.")),
    ({(0, 2), (1, 3), (3, 4)}, Misconception(
        "gives each image one positive only",
        "Every other image of the product is a positive of the anchor.")),
    ({(0, 2), (1, 3), (1, 4)}, Misconception(
        "takes only the first image of a product as anchor",
        "Every image of a product is an anchor for all the others.")),
    ({(1, 3), (3, 1), (1, 4), (4, 1), (3, 4), (4, 3)} | {(0, 1), (1, 0)}, Misconception(
        "returns positions within a product", "Positions in the batch are asked.")),
]  # fmt: skip


@exercise(
    "anchor_positive_pairs",
    object="course_lib.mining.anchor_positive_pairs",
    title="All anchor-positive pairs of a batch",
    difficulty=2,
    minutes=10,
    hints=(
        "Draw the table of all images against all images and tick where the labels are equal. "
        "Which ticks do you not want?",
        "The labels as a column, labels[:, None], compared with the labels as a row make that "
        "table: (B, B) and bool.",
        "Clear its diagonal; table.nonzero(as_tuple=True) gives the rows and the columns of the "
        "ticks that are left.",
    ),
)
class TestAnchorPositivePairs:
    """All (i, j), i ≠ j, with equal labels."""

    @graded(5, "every ordered pair of a batch of six, once")
    def test_six_images(self, submission: Submission) -> None:
        value = submission.call(LABELS)
        if type(value) in (tuple, list) and len(value) == 2:
            numbers = {
                number for part in value if type(part) is torch.Tensor
                for number in part.flatten().tolist()
            }  # fmt: skip
            expect(
                7 not in numbers,
                "Positions in the batch, 0 to 5, should come back; found 7, which is a label.",
                misconception=Misconception(
                    "returns labels instead of positions",
                    "The pairs are used to index the batch: embeddings[anchors]. Positions are "
                    "asked, not products.",
                ),
            )
        rows = index_rows(value, ("anchors", "positives"), len(LABELS))
        pairs = set(rows)
        known: dict[frozenset[tuple[int, ...]], Misconception] = {
            frozenset(wrong): mistake for wrong, mistake in WRONG_PAIRS
        }
        missing, surplus = sorted(PAIRS - pairs), sorted(pairs - PAIRS)
        expect(
            pairs == PAIRS,
            f"The labels {LABELS.tolist()} have {len(PAIRS)} ordered pairs. "
            + (f"Missing: {missing}. " if missing else "")
            + (f"Not asked for: {surplus}." if surplus else ""),
            misconception=known.get(frozenset(pairs)),
        )
        expect(len(rows) == len(pairs), f"There are {len(PAIRS)} pairs; {len(rows)} came back.",
               misconception=TWICE)  # fmt: skip

    @graded(3, "192 pairs for 4 categories x 4 products x 4 images")
    def test_count(self, submission: Submission) -> None:
        labels = torch.arange(16).repeat_interleave(4)
        rows = index_rows(submission.call(labels), ("anchors", "positives"), 64)
        expect(
            all(a != p and a // 4 == p // 4 for a, p in rows),
            "Every pair should be two different images of the same product.",
        )
        known = {96: UNORDERED, 256: NO_PARTNER}
        expect(
            len(rows) == 192,
            "16 products with 4 images each have 16 · 4 · 3 = 192 ordered pairs; "
            f"{len(rows)} came back.",
            misconception=known.get(len(rows)),
        )
        expect(len(set(rows)) == 192, "192 pairs came back, some of them twice.",
               misconception=TWICE)  # fmt: skip

    @graded(2, "products with one image give no pair", after="test_six_images")
    def test_no_pairs(self, submission: Submission) -> None:
        rows = index_rows(submission.call(torch.tensor([4, 0, 9])), ("anchors", "positives"), 3)
        expect(not rows, f"Three products with one image each have no pair; {rows} came back.")

    @graded(2, "no Python loop over images or products", after="test_six_images")
    def test_no_loop(self, submission: Submission) -> None:
        few, many = (torch.arange(n).repeat_interleave(3) for n in (2, 20))
        expect_vectorised(submission, [few], [many])
