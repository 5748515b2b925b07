"""Hidden tests of freeze_batch_norm."""

from autograder.testing import Misconception, Submission, expect, graded, hidden_tests
from grader_tests.shared.batch_norm import EVERYTHING_FROZEN, ONE_KIND_OR_LEVEL

OLD_GRADIENTS = Misconception(
    "leaves old gradients to the optimiser",
    "requires_grad_(False) stops new gradients, but a gradient from before is still there, and an "
    "optimiser that holds the parameter takes it, step after step. Set .grad to None as well.",
)
CHANGES_VALUES = Misconception(
    "changes what pretraining has learnt",
    "Freezing is about modes and flags. Weights, statistics and layers themselves stay what they "
    "are.",
)


@hidden_tests("freeze_batch_norm")
class TestFreezeBatchNormHidden:
    """Other layers, and a network in the middle of training."""

    @graded(1, "every kind of batch normalisation is frozen, and no other normalisation")
    def test_kinds(self, submission: Submission) -> None:
        for kind in ("BatchNorm1d", "BatchNorm3d", "SyncBatchNorm",
                     "BatchNorm2d without scale and shift"):  # fmt: skip
            seen = submission.probe("frozen_batch_norm", kind=kind)
            changed = set(seen["changed by training"]) & set(seen["batch normalisation"])
            expect(
                not changed,
                f"A {kind} should be frozen as well; training changed {sorted(changed)}.",
                misconception=ONE_KIND_OR_LEVEL,
            )
        for kind in ("GroupNorm", "LayerNorm", "InstanceNorm2d"):
            seen = submission.probe("frozen_batch_norm", kind=kind)
            still = {n for n in seen["tensors"] if not n.endswith("num_batches_tracked")}
            still -= set(seen["changed by training"])
            expect(
                not still,
                f"{kind} is no batch normalisation and should be trained; training left "
                f"{sorted(still)} as they were.",
                misconception=EVERYTHING_FROZEN,
            )

    @graded(1, "freezing itself changes no number and no layer")
    def test_nothing_else(self, submission: Submission) -> None:
        seen = submission.probe("frozen_batch_norm")
        expect(
            not seen["changed by the call"] and seen["same layers"] is True,
            "Before and after the call the network should have the same layers and numbers; "
            f"changed: {seen['changed by the call'] or 'layers'}.",
            misconception=CHANGES_VALUES,
        )

    @graded(1, "gradients and momentum from before the freezing move nothing any more")
    def test_old_gradients(self, submission: Submission) -> None:
        seen = submission.probe("frozen_batch_norm", old_optimizer=True)
        changed = set(seen["changed by training"]) & set(seen["batch normalisation"])
        expect(
            not changed,
            "Frozen in the middle of training, the batch normalisations should stay as they are "
            f"under the same optimiser; {sorted(changed)} moved on.",
            misconception=OLD_GRADIENTS,
        )
