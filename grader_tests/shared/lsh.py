"""What public and hidden tests of random hyperplanes share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from autograder.testing import (
    Misconception,
    Remote,
    Submission,
    SubmissionError,
    expect,
    expect_tensor,
    fail,
)

MANY = 50_000
# By Hoeffding's inequality, a share of so many independent bits is farther than this from its
# probability in one of 10^10 draws. No test below looks at more than twelve shares.
NEAR = math.sqrt(math.log(2e10) / (2 * MANY))


def fitted(submission: Submission, features: torch.Tensor, **settings: Any) -> Remote:
    """A hasher of the answer, fitted to features."""
    hasher = submission.construct(**settings)
    try:
        value = hasher.call("fit", features)
    except SubmissionError as error:
        if error.not_started or "dtype" not in error.message:
            raise
        fail(f"fit raised {error} for features of {features.dtype}.", misconception=OTHER_DTYPE)
    expect(
        value is not None,
        "fit should return the hasher itself; it returns None.",
        help="Estimators are used as LSH(8).fit(features).transform(features): return self.",
    )
    return hasher


def transformed(hasher: Remote, features: torch.Tensor, n_bits: int) -> torch.Tensor:
    """The codes that a hasher gives, once they are known to be codes."""
    given = f"{len(features)} features of {features.dtype}"
    try:
        value = hasher.call("transform", features)
    except SubmissionError as error:
        if error.not_started:
            raise
        unfitted = "NotFittedError" in error.types
        fail(
            f"after fit, transform should give codes of {given}; it raised "
            f"{str(error).rstrip('.')}.",
            misconception=NO_MEAN
            if unfitted
            else OTHER_DTYPE
            if "dtype" in error.message
            else None,
        )
    codes = expect_tensor(value, shape=(len(features), n_bits), what="the matrix of codes")
    expect(
        set(codes.double().unique().tolist()) <= {-1, 1},
        f"codes should hold -1 and +1; they hold {codes.double().unique().tolist()[:4]}.",
    )
    return expect_tensor(codes, dtype=features.dtype, what="the matrix of codes")


NO_MEAN = Misconception(
    "keeps no mean of the features in fit",
    "transform takes the mean off again, which self._centre(features) keeps as mean_: call it in "
    "fit.",
)
OTHER_DTYPE = Misconception(
    "multiplies numbers of two dtypes",
    "torch.randn draws float32. Features may be float64: give the directions their dtype, with "
    ".to(features).",
)


def shares(codes: torch.Tensor) -> list[float]:
    """In which share of the bits the rows 0 and 1, 2 and 3, ... of the first half agree."""
    one, two = codes[: len(codes) // 2].view(-1, 2, codes.shape[1]).unbind(dim=1)
    return (one == two).double().mean(dim=1).tolist()


def expect_shares(
    found: Sequence[float],
    angles: Sequence[float],
    given: str,
    misconceptions: Sequence[tuple[Sequence[float], Misconception]] = (),
    help: Misconception | None = None,
) -> None:
    """Fail where the share of bits in which two vectors agree is not 1 - θ/π."""
    expected = [1 - angle / math.pi for angle in angles]
    if max(abs(f - e) for f, e in zip(found, expected, strict=True)) <= NEAR:
        return
    known = (m for wrong, m in misconceptions
             if max(abs(f - w) for f, w in zip(found, wrong, strict=True)) <= 2 * NEAR)  # fmt: skip
    if len(set(angles)) == 1:
        angles, expected, given = angles[:1], expected[:1], f"{given}, turned eight ways,"
    fail(
        f"two vectors at an angle of {_listed(angles, 2)} {given} should agree in a share of "
        f"{_listed(expected, 3)} of {MANY} bits, within {NEAR:.3f}; they agree in "
        f"{_listed(found, 3)}.",
        help="A hyperplane separates two vectors at an angle θ with probability θ/π, when all "
        "directions of it are equally likely.",
        misconception=next(known, help),
    )


def _listed(numbers: Sequence[float], digits: int) -> str:
    return ", ".join(f"{number:.{digits}f}" for number in numbers)
