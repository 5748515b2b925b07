"""Public tests of itq_rotation_step."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_tensor,
    graded,
)
from grader_tests.shared.matrices import doubles
from grader_tests.shared.rotations import (
    FACTORS,
    NO_MIRROR,
    STRETCHED,
    expect_least,
    expect_orthogonal,
    loss_of,
    sides_of,
    turning,
)

# V = B P Qᵀ with orthogonal columns in B, so that Bᵀ V = 4 P Qᵀ, and P symmetric, with positive
# eigenvalues: the best rotation is Q. B are the codes of V R, but not those of V.
AXES = torch.tensor(
    [
        [1.05288, 2.15216, 1.0652],
        [0.99448, -0.01664, -1.7708],
        [-1.50392, -0.26544, -0.2068],
        [-0.54344, -1.87008, 0.9124],
    ],
    dtype=torch.float64,
)
FROM = torch.tensor([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]], dtype=torch.float64)
BEST_TURN = torch.tensor(
    [[0.768, -0.51328, 0.38304], [0.576, 0.81504, -0.06272], [-0.28, 0.2688, 0.9216]],
    dtype=torch.float64,
)
MIRROR = torch.tensor([1, 1, -1], dtype=torch.float64)  # times the columns of a rotation
UNMIRRORED = torch.tensor(  # the best for FROM * MIRROR of those with determinant +1
    [
        [0.3946477, 0.6702789, 0.6284743],
        [0.8128366, 0.0642457, -0.5789371],
        [-0.4284262, 0.7393232, -0.5194731],
    ],
    dtype=torch.float64,
)


WRONG_ROTATIONS = [
    (BEST_TURN.T, Misconception(
        "returns the rotation transposed",
        "Decomposed is BᵀV, and R = W Uᵀ. U Wᵀ turns the other way, and so does W Uᵀ of VᵀB.")),
    (FROM, Misconception(
        "returns the rotation it was given", "With the codes fixed, another rotation is better.")),
    (doubles([0.8655629, -0.2055187, 0.4566868], [0.3428307, 0.9079057, -0.2411936],
             [-0.3650588, 0.3653345, 0.8563077]), Misconception(
        "takes the codes of V, not those of V R",
        "The codes B are the sides of the rows as they are turned now: of projected @ rotation.")),
    (doubles([0.96, 0.0784, 0.2688], [0, 0.96, -0.28], [-0.28, 0.2688, 0.9216]), Misconception(
        "returns by how much to turn on, not the rotation",
        "Decompose BᵀV with the projected rows V. With V R in its place the result would have to "
        "be applied after R: R times it.")),
    (doubles([4.09472, -0.90208, 1.01888], [4.27104, 3.77344, 0.56416],
             [-1.4112, 1.7168, 3.9552]), STRETCHED),
    (doubles([4.09472, 4.27104, -1.4112], [-0.90208, 3.77344, 1.7168],
             [1.01888, 0.56416, 3.9552]), STRETCHED),
    (doubles([0.6491237, -0.8227423, 0.5887256], [0.2473079, 0.8201526, -0.2677581],
             [-0.202493, 0.0949581, 0.8978605]), Misconception(
        "solves least squares without asking for a rotation",
        "Among all matrices another is nearer, but it changes distances. R must be orthogonal.")),
]  # fmt: skip


@exercise(
    "itq_rotation_step",
    object="course_lib.hashing.baselines.itq_rotation_step",
    title="One turn of the axes",
    difficulty=3,
    minutes=20,
    hints=(
        "Two halves. The first is an exercise of yours: which codes B are nearest to the rows as "
        "they are turned now, V R? The second asks for another R, with this B fixed.",
        "left, _, right = torch.linalg.svd(B.T @ V) gives U, Σ and Wᵀ of the text: the third is "
        "transposed already. V are the projected rows, not the turned ones.",
        "codes = binarize(projected @ rotation); decompose codes.T @ projected; R = W Uᵀ is "
        "right.T @ left.T. The singular values are not needed.",
    ),
)
class TestITQRotationStep:
    """The best rotation for the codes that the rows have now."""

    @graded(2, "the best rotation of four rows of three numbers")
    def test_four_rows(self, submission: Submission) -> None:
        value = expect_tensor(
            submission.call(AXES, FROM),
            shape=(3, 3),
            what="the rotation",
            misconceptions={(4, 3): Misconception(
                "returns the turned rows, or their codes",
                "Asked is the rotation itself, (C, C). ITQ applies it.")},
        )  # fmt: skip
        given = f"V {AXES.tolist()} and R {FROM.tolist()}"
        turns = torch.allclose(value.double().T @ value.double(), torch.eye(3).double(), atol=1e-5)
        known = [*WRONG_ROTATIONS, (value, FACTORS)] if turns else WRONG_ROTATIONS
        expect_close(value, BEST_TURN, what="the rotation", given=given, misconceptions=known)

    @graded(1, "a rotation that mirrors is allowed", after="test_four_rows")
    def test_mirror(self, submission: Submission) -> None:
        expect_close(
            submission.call(AXES, FROM * MIRROR),
            BEST_TURN * MIRROR,
            what="the rotation",
            given=f"V {AXES.tolist()} and R {(FROM * MIRROR).tolist()}",
            misconceptions=[(UNMIRRORED, NO_MIRROR)],
        )

    @graded(1, "an output of 0 has the side +1", after="test_four_rows")
    def test_zero(self, submission: Submission) -> None:
        rows = doubles([3, 0], [0, 1], [-2, -3], [-1, 2])
        expect_close(
            submission.call(rows, torch.eye(2, dtype=torch.float64)),
            doubles([0.9863939, 0.1643990], [-0.1643990, 0.9863939]),
            what="the rotation",
            given=f"V {rows.tolist()} and R the identity",
            help="0 has the side +1, as in binarize.",
            misconceptions=[
                (torch.eye(2), Misconception(
                    "leaves a bit 0 where an output is 0, as torch.sign does",
                    "binarize gives every output a side: outputs >= 0.")),
                (doubles([0.9863939, -0.1643990], [0.1643990, 0.9863939]), Misconception(
                    "gives -1 to an output of 0", "An output of 0 becomes +1: use >=, not >.")),
            ],
        )  # fmt: skip

    @graded(2, "no other rotation brings rows closer to the codes that they had",
            after="test_four_rows")  # fmt: skip
    def test_least(self, submission: Submission) -> None:
        for count, size in ((40, 2), (30, 5), (100, 8)):
            projected, rotation = turning(count, size, torch.Generator().manual_seed(8))
            expect_least(submission.call(projected, rotation), projected, rotation)

    @graded(1, "the distance from the codes never rises, step after step", after="test_four_rows")
    def test_steps(self, submission: Submission) -> None:
        for seed in (1, 2, 3):
            projected, rotation = turning(50, 4, torch.Generator().manual_seed(seed))
            before = loss_of(sides_of(projected @ rotation), projected, rotation)
            for step in range(1, 6):
                given = f"50 drawn rows of 4 numbers, step {step}"
                value = submission.call(projected, rotation)
                rotation = expect_orthogonal(value, 4, given).to(projected)
                after = loss_of(sides_of(projected @ rotation), projected, rotation)
                expect(
                    after <= before + 1e-9 * before,
                    f"‖B - V R‖² should not rise; for {given}, it rises from {before:.6g} to "
                    f"{after:.6g}.",
                    help="Each half finds the best there is with the other fixed.",
                )
                before = after
