"""Compares what an answer returned with what a test expects.

A failed comparison raises `CheckFailure`, which tells the student what was asked for and what the
answer returned. Comparisons look only at plain data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import torch

from autograder.testing.codec import Opaque, describe
from autograder.testing.errors import CheckFailure

if TYPE_CHECKING:
    from autograder.testing.submission import Trace


@dataclass(frozen=True)
class Misconception:
    """A known mistake.

    Attributes:
        name: what the answer does, in a few words; this becomes the diagnosis.
        help: why this is wrong, and where to look.
    """

    name: str
    help: str = ""


def fail(rationale: str, *, help: str = "", misconception: Misconception | None = None) -> NoReturn:
    """Fail the test.

    Args:
        rationale: what was asked for and what the answer returned.
        help: where to look, when no misconception is given.
        misconception: the mistake, when it is known.

    Raises:
        CheckFailure: always.
    """
    if misconception is not None:
        raise CheckFailure(rationale, help=misconception.help or help, diagnosis=misconception.name)
    raise CheckFailure(rationale, help=help)


def expect(
    condition: bool,
    rationale: str,
    *,
    help: str = "",
    misconception: Misconception | None = None,
) -> None:
    """Fail with `rationale` unless the condition is exactly True."""
    if condition is not True:
        fail(rationale, help=help, misconception=misconception)


def expect_tensor(
    value: Any,
    *,
    shape: Iterable[int] | None = None,
    dtype: torch.dtype | None = None,
    what: str = "the result",
    misconceptions: Mapping[tuple[int, ...], Misconception] | None = None,
) -> torch.Tensor:
    """Fail unless a value is a tensor, of a shape and dtype where these are given.

    Args:
        value: the value that the answer returned.
        shape: the expected shape; None for any shape.
        dtype: the expected dtype; None for any dtype.
        what: name of the value in the message.
        misconceptions: known mistakes, by the wrong shape that each gives.

    Returns:
        The value.
    """
    if isinstance(value, Opaque) and value.tensor_dtype:
        asked = _short(dtype) if dtype else "of a dtype such as float32 or int64"
        fail(f"{what} should be {asked}; it is {value.tensor_dtype}.")
    if type(value) is not torch.Tensor:
        fail(f"{what} should be a tensor; it is {describe(value)}.")
    if shape is not None and tuple(value.shape) != tuple(shape):
        fail(
            f"{what} should have shape {tuple(shape)}; it has shape {tuple(value.shape)}.",
            misconception=(misconceptions or {}).get(tuple(value.shape)),
        )
    if dtype is not None and value.dtype is not dtype:
        fail(f"{what} should be {_short(dtype)}; it is {_short(value.dtype)}.")
    return value


def expect_close(
    actual: Any,
    expected: torch.Tensor,
    *,
    atol: float = 1e-5,
    what: str = "the result",
    given: str = "",
    help: str = "",
    misconceptions: Iterable[tuple[torch.Tensor, Misconception]] = (),
    same_dtype: bool = True,
    shapes: Mapping[tuple[int, ...], Misconception] | None = None,
) -> None:
    """Fail unless a tensor equals the expected tensor within `atol`, element by element.

    Args:
        actual: the value that the answer returned.
        expected: the expected tensor.
        atol: largest absolute difference that is allowed.
        what: name of the value in the message.
        given: text of the input in the message.
        help: where to look, when no misconception matches.
        misconceptions: known mistakes, each with the tensor that it gives.
        same_dtype: whether the dtype must be the dtype of `expected`.
        shapes: known mistakes, by the wrong shape that each gives.
    """
    for wrong, misconception in misconceptions:
        if _close(actual, wrong, atol) and not _close(actual, expected, atol):
            fail(_difference(actual, expected, what, given), misconception=misconception)
    expect_tensor(
        actual,
        shape=expected.shape,
        dtype=expected.dtype if same_dtype else None,
        what=what,
        misconceptions=shapes,
    )
    if not bool(torch.isfinite(actual.double()).all()):
        fail(f"{what} contains nan or inf{_for(given)}.", help=help)
    if not _close(actual, expected, atol):
        fail(_difference(actual, expected, what, given), help=help)


def expect_same_steps(
    less: Trace,
    more: Trace,
    *,
    of: str,
    sizes: tuple[str, str],
    misconception: Misconception,
) -> None:
    """Fail unless a large input takes as many tensor operations and lines as a small input.

    Args:
        less: trace of the call with the small input; see `Submission.trace`.
        more: trace of the call with the large input.
        of: what the number of steps should not depend on, such as "the batch".
        sizes: sizes of the two inputs in words, such as "3 images" and "30".
        misconception: the mistake that a difference shows.
    """
    expect(
        (less.operation_count, less.lines) == (more.operation_count, more.lines),
        f"The number of steps should not depend on {of}: {less.operation_count} tensor operations "
        f"and {less.lines} lines for {sizes[0]}, {more.operation_count} and {more.lines} for "
        f"{sizes[1]}.",
        misconception=misconception,
    )


def expect_gradient(
    gradient: Any,
    expected: torch.Tensor,
    *,
    of: str,
    count: int = 1,
    atol: float = 1e-10,
    given: str = "",
    help: str = "",
    misconceptions: Iterable[tuple[torch.Tensor, Misconception]] = (),
) -> None:
    """Fail unless a gradient equals the expected gradient; name the mistake if it is a common one.

    Args:
        gradient: gradient for one argument, as `Submission.vjp` returns it.
        expected: the expected gradient.
        of: name of the argument that is differentiated by.
        count: number of terms of the mean that the value is; a gradient that is `count` times too
            large is diagnosed as a sum in place of the mean.
        atol: largest absolute difference that is allowed.
        given: text of the input in the message.
        help: where to look, when no misconception matches.
        misconceptions: further known mistakes, as in `expect_close`; they are tried first.
    """
    what = f"the gradient with respect to {of}"
    if gradient is None:
        fail(
            f"{what} should be {describe(expected)}{_for(given)}; there is none: the result does "
            f"not depend on {of} as far as autograd can see.",
            misconception=Misconception(
                f"{of} is cut off from the graph",
                "Something on the way drops the gradient: detach(), item(), numpy(), no_grad(), or "
                "a new tensor or number made in place of a computed one.",
            ),
        )
    usual = [
        (-1.0, "the gradient has the wrong sign", "A term has the wrong sign."),
        (2.0, "the gradient is twice too large", "A 1/2 is missing, or a term is doubled."),
        (0.5, "the gradient is half of what it should be", "A factor of 2 is missing."),
        (float(count), "the gradient is a sum where a mean is asked", "Divide by the count."),
    ]
    expect_close(
        gradient,
        expected,
        atol=atol,
        what=what,
        given=given,
        help=help,
        misconceptions=[
            *misconceptions,
            *((factor * expected, Misconception(name, text)) for factor, name, text in usual),
        ],
    )


def expect_equal(
    actual: Any,
    expected: Any,
    *,
    what: str = "the result",
    given: str = "",
    help: str = "",
    misconceptions: Iterable[tuple[Any, Misconception]] = (),
) -> None:
    """Fail unless plain data equals the expected plain data, including types.

    Args:
        actual: the value that the answer returned.
        expected: the expected value.
        what: name of the value in the message.
        given: text of the input in the message.
        help: where to look, when no misconception matches.
        misconceptions: known mistakes, each with the value that it gives.
    """
    if _same(actual, expected):
        return
    rationale = f"{what} should be {describe(expected)}{_for(given)}; it is {describe(actual)}."
    for wrong, misconception in misconceptions:
        if _same(actual, wrong):
            fail(rationale, misconception=misconception)
    fail(rationale, help=help)


def _same(actual: Any, expected: Any) -> bool:
    if isinstance(expected, torch.Tensor):
        return (
            type(actual) is torch.Tensor
            and actual.dtype is expected.dtype
            and torch.equal(actual, expected)
        )
    return type(actual) is type(expected) and actual == expected


def _close(actual: Any, expected: torch.Tensor, atol: float) -> bool:
    if type(actual) is not torch.Tensor or actual.shape != expected.shape:
        return False
    difference = (actual.detach().double() - expected.detach().double()).abs()
    return bool((difference <= atol).all())  # false for nan, too


def _difference(actual: Any, expected: torch.Tensor, what: str, given: str) -> str:
    if type(actual) is not torch.Tensor or actual.shape != expected.shape:
        return f"{what} should be {describe(expected)}{_for(given)}; it is {describe(actual)}."
    if expected.numel() <= 12:
        return f"{what} should be {_numbers(expected)}{_for(given)}; it is {_numbers(actual)}."
    gap = (actual.detach().double() - expected.detach().double()).abs().nan_to_num(torch.inf)
    worst = int(gap.flatten().argmax())
    place = ", ".join(str(int(i)) for i in torch.unravel_index(torch.tensor(worst), gap.shape))
    return (
        f"{what} is off by up to {float(gap.flatten()[worst]):.3g}{_for(given)}: at [{place}] it "
        f"should be {float(expected.flatten()[worst]):.6g} and is "
        f"{float(actual.flatten()[worst]):.6g}."
    )


def _numbers(tensor: torch.Tensor) -> str:
    rounded = [float(f"{value:.6g}") for value in tensor.detach().double().flatten().tolist()]
    if tensor.ndim == 0:
        return str(rounded[0])
    return str(torch.tensor(rounded, dtype=torch.float64).reshape(tensor.shape).tolist())


def _for(given: str) -> str:
    return f" for {given}" if given else ""


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
