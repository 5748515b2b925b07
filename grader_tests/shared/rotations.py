"""What public and hidden tests of ITQ's rotation share."""

from __future__ import annotations

from typing import Any

import torch

from autograder.testing import Misconception, expect, expect_tensor

FACTORS = Misconception(
    "puts the factors of the decomposition together in another way",
    "BᵀV = U Σ Wᵀ gives R = W Uᵀ. torch.linalg.svd returns U, Σ and Wᵀ: transpose the third to "
    "get W, and the first to get Uᵀ.",
)
STRETCHED = Misconception(
    "keeps the singular values",
    "W Σ Uᵀ is VᵀB again, which stretches. A rotation only turns: leave Σ out.",
)
NO_MIRROR = Misconception(
    "allows no rotation that mirrors",
    "R is orthogonal: RᵀR = I. Its determinant may be -1 as well as 1; ITQ starts from either.",
)


def expect_orthogonal(value: Any, size: int, given: str, atol: float = 1e-9) -> torch.Tensor:
    """The matrix, once it is known to turn and not to stretch."""
    rotation = expect_tensor(value, shape=(size, size), what="the rotation")
    off = float((rotation.double().T @ rotation.double() - torch.eye(size)).abs().max())
    expect(
        off <= atol,
        f"RᵀR should be the identity for {given}; it is off by {off:.2g}.",
        help="W Uᵀ is orthogonal because W and U are, also where singular values are 0.",
        misconception=STRETCHED if off > 0.1 else None,
    )
    return rotation


def loss_of(codes: torch.Tensor, projected: torch.Tensor, rotation: torch.Tensor) -> float:
    """‖B - V R‖²."""
    return float((codes - projected @ rotation).square().sum())


def sides_of(rotated: torch.Tensor) -> torch.Tensor:
    """The nearest codes."""
    return torch.where(rotated >= 0, 1, -1).to(rotated)


def least_loss(codes: torch.Tensor, projected: torch.Tensor) -> float:
    """‖B - V R‖² of the best R: ‖B‖² + ‖V‖² - 2 Σ of the singular values."""
    trace = torch.linalg.svdvals(codes.T @ projected).sum()
    return float(codes.square().sum() + projected.square().sum() - 2 * trace)


def turning(count: int, size: int, draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Drawn rows V with mean 0, whose columns vary less and less, and a drawn rotation R."""
    rows = torch.randn(count, size, generator=draw, dtype=torch.float64)
    rows = (rows - rows.mean(dim=0)) / torch.arange(1, size + 1).sqrt()
    drawn = torch.randn(size, size, generator=draw, dtype=torch.float64)
    return rows, torch.linalg.qr(drawn).Q


FURTHER_STEPS = Misconception(
    "takes more than one step",
    "Asked is one step: the codes of the given rotation, and the best rotation for them.",
)


def expect_least(value: Any, projected: torch.Tensor, rotation: torch.Tensor) -> None:
    """Fail unless it is the best rotation for the codes that the given one has."""
    count, size = projected.shape
    given = f"{count} drawn rows of {size} numbers"
    found = expect_orthogonal(value, size, given).to(projected)
    codes = sides_of(projected @ rotation)
    least, loss = least_loss(codes, projected), loss_of(codes, projected, found)
    further = sides_of(projected @ found)
    goes_on = loss_of(further, projected, found) <= least_loss(further, projected) + 1e-8 * loss
    unmirrored = float(torch.linalg.det(codes.T @ projected)) < 0 < float(torch.linalg.det(found))
    expect(
        loss <= least + 1e-8 * loss,
        f"for {given}, ‖B - V R‖² with the codes B of the given rotation should be {least:.6g}, "
        f"the least; it is {loss:.6g}.",
        help=FACTORS.help,
        misconception=FURTHER_STEPS if goes_on else NO_MIRROR if unmirrored else None,
    )
