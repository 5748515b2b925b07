"""Hidden tests of anchor_positive_pairs."""

import torch

from autograder.testing import Submission, expect, graded, hidden_tests
from course_lib.mining import anchor_positive_pairs
from grader_tests.shared.hidden_triplets import random_labels
from grader_tests.shared.index_rows import index_rows


@hidden_tests("anchor_positive_pairs")
class TestAnchorPositivePairsHidden:
    """Drawn labels, compared with the reference."""

    @graded(3, "drawn labels: products of 1 to 5 images in mixed order, ids that are any integers")
    def test_drawn_labels(self, submission: Submission, draw: torch.Generator) -> None:
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
