"""Public tests of squared_distances_from_cosine."""

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_tensor,
    fail,
    graded,
)
from grader_tests.shared.arguments import expect_arguments_kept
from grader_tests.shared.distances import OUT_OF_RANGE, ROOT, tables

COSINE_DISTANCE = Misconception(
    "returns 1 - cos (the cosine distance), half of what is asked",
    "‖u - v‖² = ‖u‖² + ‖v‖² - 2⟨u, v⟩, and each of the two norms gives 1: 2 - 2 cos.",
)
GROWS_WITH_COSINE = Misconception(
    "grows with the cosine: equal vectors get the largest distance",
    "A cosine measures likeness, a distance unlikeness, so the sign of the cosine is minus.",
)
SQUARES_COSINE = Misconception(
    "squares the cosine",
    "The square of the distance is 2 - 2 cos, linear in the cosine. With cos², opposite vectors "
    "(cos = -1) would be as near as equal ones.",
)
ABSOLUTE_COSINE = Misconception(
    "takes the absolute value of the cosine",
    "Opposite unit vectors (cos = -1) are 2 apart, the largest distance there is.",
)
COSINE_ONCE = Misconception(
    "gets only one of the two factors 2 right",
    "Both norms are 1, so they give 2, and the mixed term is -2 cos: equal vectors (cos = 1) are "
    "at distance 0, opposite ones at 4.",
)
ANGLE = Misconception(
    "measures the angle (arc), not the straight line",
    "No arccos is needed: expand ‖u - v‖² with ‖u‖ = ‖v‖ = 1.",
)
FOLDED = Misconception(
    "turns a negative rounding error into a positive distance with abs()",
    "Equal vectors should be at distance 0, not 2.4e-7: clamp instead.",
)


@exercise(
    "squared_distances_from_cosine",
    object="course_lib.distances.squared_distances_from_cosine",
    title="From cosine to squared distance",
    difficulty=1,
    minutes=5,
    hints=(
        "Expand ‖u - v‖². What do you know about ‖u‖ and ‖v‖?",
        "Unit vectors: ‖u‖² = ‖v‖² = 1, and ⟨u, v⟩ is the cosine.",
        "2 - 2 cos, and then a clamp to [0, 4] against rounding.",
    ),
)
class TestSquaredDistancesFromCosine:
    """‖u - v‖² of unit vectors, from their cosine."""

    @graded(3, "equal, orthogonal and opposite unit vectors")
    def test_known_angles(self, submission: Submission) -> None:
        cosines = torch.tensor([1.0, 0.5, 0.0, -0.5, -1.0])
        expect_close(
            submission.call(cosines),
            torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0]),
            given="cosines [1, 0.5, 0, -0.5, -1]",
            help="Orthogonal unit vectors are the legs of a triangle: by Pythagoras ‖u - v‖² = 2.",
            misconceptions=tables(
                ([0.0, 1.0, 1.414214, 1.732051, 2.0], ROOT),
                ([0.0, 0.5, 1.0, 1.5, 2.0], COSINE_DISTANCE),
                ([4.0, 3.0, 2.0, 1.0, 0.0], GROWS_WITH_COSINE),
                ([2.0, 1.5, 1.0, 0.5, 0.0], GROWS_WITH_COSINE),
                ([0.0, 1.5, 2.0, 1.5, 0.0], SQUARES_COSINE),
                ([0.0, 0.75, 1.0, 0.75, 0.0], SQUARES_COSINE),
                ([0.0, 1.0, 2.0, 1.0, 0.0], ABSOLUTE_COSINE),
                ([1.0, 1.5, 2.0, 2.5, 3.0], COSINE_ONCE),
                ([-1.0, 0.0, 1.0, 2.0, 3.0], COSINE_ONCE),
                ([0.0, 0.0, 1.0, 2.0, 3.0], COSINE_ONCE),
                ([0.0, 1.047198, 1.570796, 2.094395, 3.141593], ANGLE),
                ([0.0, 1.096623, 2.467401, 4.386491, 9.869604], ANGLE),
                ([0.0, 1.096623, 2.467401, 4.0, 4.0], ANGLE),
            ),
        )

    @graded(2, "rounded cosines beyond ±1 give exactly 0 and 4", after="test_known_angles")
    def test_stays_in_range(self, submission: Submission) -> None:
        above = torch.nextafter(torch.tensor(1.0), torch.tensor(2.0))  # 1.00000012
        value = expect_tensor(submission.call(torch.stack([above, -above, above / 2])), shape=(3,))
        given = "cosines [1.0000001, -1.0000001, 0.5]"
        expect_close(value, torch.tensor([0.0, 4.0, 1.0]), given=given)
        if float(value[0]) < 0 or float(value[1]) > 4:
            fail(
                f"the result should lie in [0, 4] for {given}; it is "
                f"[{float(value[0]):.3g}, {float(value[1]):.8g}, {float(value[2]):.3g}].",
                misconception=OUT_OF_RANGE,
            )
        exact = float(value[0]) == 0 and float(value[1]) == 4
        expect(
            exact,
            f"the first two should be exactly 0 and 4 for {given}; they are "
            f"{float(value[0]):.3g} and {float(value[1]):.8g}.",
            misconception=FOLDED if float(value[0]) > 2e-7 else None,
            help="Clamp to [0, 4] and change nothing else.",
        )

    @graded(1, "the argument is left as it is", after="test_known_angles")
    def test_argument_is_kept(self, submission: Submission) -> None:
        expect_arguments_kept(submission, torch.tensor([1.0, 0.5, -0.25]))
