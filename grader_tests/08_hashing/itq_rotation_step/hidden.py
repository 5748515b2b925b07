"""Hidden tests of itq_rotation_step."""

from __future__ import annotations

import torch

from autograder.testing import Submission, expect_close, expect_tensor, graded, hidden_tests
from course_lib.hashing import itq_rotation_step
from grader_tests.shared.arguments import expect_kept
from grader_tests.shared.rotations import expect_least, expect_orthogonal, turning


@hidden_tests("itq_rotation_step")
class TestITQRotationStepHidden:
    """Drawn rows, compared with the reference."""

    @graded(2, "drawn rows of either precision, and fewer rows than bits")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        for count, size in ((60, 6), (25, 3), (3, 8)):
            projected, rotation = turning(count, size, draw)
            expect_least(submission.call(projected, rotation), projected, rotation)
        projected, rotation = turning(80, 6, draw)
        given = "80 drawn rows of 6 numbers"
        expect_close(
            submission.call(projected, rotation),
            itq_rotation_step(projected, rotation),
            atol=1e-9,
            what="the rotation",
            given=f"{given} in float64",
            help="Stay in the dtype of the rows.",
        )
        single = submission.call(projected.float(), rotation.float())
        expect_orthogonal(single, 6, f"{given} in float32", atol=1e-4)
        expect_tensor(single, dtype=torch.float32, what="the rotation of rows in float32")

    @graded(1, "the rows and the rotation stay as they are")
    def test_kept(self, submission: Submission, draw: torch.Generator) -> None:
        projected, rotation = turning(20, 4, draw)
        value, (after, after_rotation) = submission.call(projected, rotation, return_args=True)
        expect_least(value, projected, rotation)
        expect_kept(after, projected, "projected")
        expect_kept(after_rotation, rotation, "rotation")
