"""Hidden tests of squared_distances_from_cosine."""

import torch

from autograder.testing import (
    Misconception,
    Submission,
    expect_close,
    expect_gradient,
    expect_tensor,
    fail,
    graded,
    hidden_tests,
)
from course_lib.distances import l2_normalize, squared_distances_from_cosine
from grader_tests.shared.distances import OUT_OF_RANGE
from grader_tests.shared.hidden_distances import by_differences, expect_double_precision, first_of

SHAPE_CHANGED = Misconception(
    "changes the shape of its argument",
    "The cosines may have any shape, a single number or a stack of matrices: each is mapped on its "
    "own. No squeeze(), no flatten(), no transposition.",
)


@hidden_tests("squared_distances_from_cosine")
class TestSquaredDistancesFromCosineHidden:
    """‖u − v‖² of unit vectors, from their cosine."""

    @graded(2, "agrees with the distances of random unit rows (1e-5)", after="test_known_angles")
    def test_agrees_with_distances(self, submission: Submission, draw: torch.Generator) -> None:
        u = l2_normalize(torch.randn(6, 3, generator=draw, dtype=torch.float64))
        v = l2_normalize(torch.randn(5, 3, generator=draw, dtype=torch.float64))
        expected = by_differences(u, v).float()
        cosines = (u @ v.T).float()
        expect_close(submission.call(cosines), expected, given="cosines of random unit rows")

    @graded(1, "any shape, and the dtype that came in", after="test_known_angles")
    def test_shapes_and_dtypes(self, submission: Submission, draw: torch.Generator) -> None:
        for shape in ((), (1,), (7,), (2, 3, 4), (1, 1)):
            cosines = 2 * torch.rand(shape, generator=draw, dtype=torch.float64) - 1
            expected = squared_distances_from_cosine(cosines)
            given = f"float64 cosines of shape {shape}"
            value = expect_tensor(submission.call(cosines))
            if value.shape != expected.shape:
                fail(
                    f"cosines of shape {shape} give squared distances of shape "
                    f"{tuple(value.shape)}.",
                    misconception=SHAPE_CHANGED,
                )
            expect_double_precision(value, expected, given)
            expect_close(value, expected, atol=1e-10, given=given)
        beyond = torch.tensor([1 + 1e-12, -1 - 1e-12], dtype=torch.float64)
        value = expect_tensor(submission.call(beyond), shape=(2,), dtype=torch.float64)
        if float(value[0]) < 0 or float(value[1]) > 4:
            fail("cosines beyond ±1 by 1e-12 leave [0, 4].", misconception=OUT_OF_RANGE)

    @graded(1, "the gradient is -2 everywhere", after="test_known_angles")
    def test_gradient(self, submission: Submission, draw: torch.Generator) -> None:
        cosines = 1.8 * torch.rand(3, 4, generator=draw, dtype=torch.float64) - 0.9
        value, gradients = submission.vjp(cosines, wrt=[0])
        expect_close(value, squared_distances_from_cosine(cosines), atol=1e-10)
        expected = torch.full((3, 4), -2.0, dtype=torch.float64)
        expect_gradient(first_of(gradients), expected, of="similarities")
