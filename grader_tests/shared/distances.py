"""What the tests of distances share."""

from collections.abc import Sequence

import torch

from autograder.testing import Misconception

ROOT = Misconception(
    "returns distances, not squared distances",
    "Squared distances are asked for: leave out the square root. It changes no order of "
    "neighbours, costs time, and its gradient is infinite at 0.",
)
ONE_NORM_TWICE = Misconception(
    "uses one row's squared norm twice and leaves the other's out",
    "Entry (i, j) needs ‖x_i‖² and ‖y_j‖². Norms of shape (N, 1) vary down the rows of D, norms of "
    "shape (M,) or (1, M) vary along them; two of the same shape meet the same axis.",
)
TRANSPOSED = Misconception(
    "returns the matrix transposed",
    "D[i, j] compares row i of x with row j of y: rows of D belong to x.",
)
IGNORES_Y = Misconception(
    "ignores y and compares x with itself",
    "x is compared with itself only when y is None.",
)
DIAGONAL_ALWAYS_ZERO = Misconception(
    "puts zeros on the diagonal for two different sets, too",
    "Row i of x and row i of y are different images unless y is None. Being of equal size does not "
    "make the two sets the same.",
)
OUT_OF_RANGE = Misconception(
    "lets rounding push a squared distance out of [0, 4]",
    "A cosine computed in float32 can be 1.0000001; 2 - 2 cos is then -2e-7, whose root is nan. "
    "Clamp the result to [0, 4].",
)


def tables(
    *rows: tuple[Sequence[float | Sequence[float]], Misconception],
) -> list[tuple[torch.Tensor, Misconception]]:
    """Return known wrong results, written as lists of numbers or of rows, as tensors."""
    return [(torch.tensor(numbers), misconception) for numbers, misconception in rows]


def as_ints(tensor: torch.Tensor) -> list[list[int]]:
    """Return a matrix of whole numbers as lists, as messages show it."""
    return tensor.int().tolist()
