"""What the hidden tests of distances share: references in double precision."""

from collections.abc import Sequence
from typing import Any

import torch

from autograder.testing import Misconception, fail

SINGLE_PRECISION = Misconception(
    "computes float64 input in float32",
    "Whoever passes float64 wants its 16 digits. .float(), or a result tensor made without dtype=, "
    "keeps only 7 of them.",
)
HALF_OVERFLOW = Misconception(
    "squares float16 numbers in float16, which ends at 65504",
    "300² is infinite in float16. Compute squares and sums in float32 or wider, and turn the "
    "result back into the dtype of x at the end.",
)


def by_differences(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return squared distances without cancellation, by the definition."""
    return (x[:, None] - y).square().sum(dim=2)


def first_of(gradients: Sequence[torch.Tensor | None]) -> torch.Tensor | None:
    """Return the first gradient, if there is one."""
    return gradients[0] if gradients else None


def overflowed(value: torch.Tensor) -> bool:
    """Return whether a result is infinite somewhere, or 0 everywhere."""
    return not bool(value.double().isfinite().all()) or not bool(value.any())


def expect_double_precision(value: Any, exact: torch.Tensor, given: str) -> None:
    """Fail if a result is right, but every number of it fits into float32."""
    if type(value) is not torch.Tensor or value.shape != exact.shape:
        return
    if fits_single(value) and not fits_single(exact) and is_near(value, exact):
        fail(
            f"the result should be right to 1e-10 for {given}; it has float32's 7 digits, in "
            f"{str(value.dtype).removeprefix('torch.')}.",
            misconception=SINGLE_PRECISION,
        )


def fits_single(value: torch.Tensor) -> bool:
    """Return whether float32 holds every number."""
    return torch.equal(value.float().double(), value.double())


def is_near(value: torch.Tensor, exact: torch.Tensor) -> bool:
    """Return whether every number is right within 1e-4."""
    return bool(((value.double() - exact).abs() <= 1e-4).all())
