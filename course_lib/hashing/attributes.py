"""The meaning of bits: how much each bit tells of attributes that people can name."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from course_lib.validation import require_attributes, require_codes


def bit_attribute_information(codes: Tensor, attributes: Tensor) -> Tensor:
    """Compute the mutual information of each bit and each attribute, in bits.

    I(k, a) = Σ_xy p(x, y) log₂( p(x, y) / (p(x) p(y)) ), where x is the side of bit k, y says
    whether an image has attribute a, and the p are shares of the images. It is the same for a bit
    and its opposite, and at most the entropy of either.

    Args:
        codes: ``(N, C)``, −1 or +1.
        attributes: ``(N, A)`` bool, on the same device.

    Returns:
        ``(C, A)`` float64, never below 0. Terms with p(x, y) = 0 count 0, so that a constant bit
        tells nothing.

    Raises:
        TypeError, ValueError: no codes, no bools, or not one row an image in both.

    Source: Cover & Thomas, "Elements of Information Theory", 2nd edition, eq. 2.28.

    Example:
        >>> codes = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
        >>> bit_attribute_information(codes, torch.tensor([[True], [True], [False], [False]]))
        tensor([[1.],
                [0.]], dtype=torch.float64)
    """
    require_codes(codes)
    require_attributes(attributes, of=codes)

    sides = torch.stack([codes <= 0, codes > 0]).double()  # (2, N, C)
    kinds = torch.stack([~attributes, attributes]).double()  # (2, N, A)
    counts = torch.einsum("xnc,yna->xyca", sides, kinds)  # (2, 2, C, A)
    # As counts, both sides of the fraction are whole numbers: without dependence it is exactly 1.
    by_chance = counts.sum(dim=1, keepdim=True) * counts.sum(dim=0, keepdim=True)
    terms = torch.xlogy(counts, counts * len(codes) / by_chance.clamp(min=1))
    # Rounding may leave less than nothing.
    return (terms.sum(dim=(0, 1)) / (len(codes) * math.log(2))).clamp(min=0)
