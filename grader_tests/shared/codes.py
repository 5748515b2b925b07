"""What the tests of packed codes share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.testing import (
    Misconception,
    expect,
    expect_tensor,
    fail,
)


def codes_of(*rows: str) -> torch.Tensor:
    """Codes of -1 and +1, given as text of 0 and 1 with blanks between the bytes."""
    return torch.tensor([[float(bit) * 2 - 1 for bit in row.replace(" ", "")] for row in rows])


def bytes_of(*rows: str) -> torch.Tensor:
    """Packed codes, given as their bytes in binary."""
    return torch.tensor([[int(byte, 2) for byte in row.split()] for row in rows]).to(torch.uint8)


def in_binary(packed: torch.Tensor) -> str:
    """Packed codes as messages show them: text that `bytes_of` would read; else the numbers."""
    if packed.is_floating_point() or packed.dtype is torch.bool or packed.ndim != 2:
        return str(packed.tolist())
    return " and ".join(" ".join(f"{byte:08b}" for byte in row) for row in packed.tolist())


def expect_packed(
    value: Any,
    expected: torch.Tensor,
    given: str,
    misconceptions: Sequence[tuple[torch.Tensor, Misconception]] = (),
    help: str = "",
) -> None:
    """Fail unless the bytes are the expected ones; the message shows them in binary."""
    packed = expect_tensor(value, what="the packed codes")
    if torch.equal(packed.double(), expected.double()):
        name = str(packed.dtype).removeprefix("torch.")
        expect(
            packed.dtype is torch.uint8,
            f"the packed codes should be uint8; they are {name}.",
            misconception=Misconception(
                "gives the sums another dtype than bytes have",
                "A sum of small integers is int64 unless told, eight bytes for a byte: say the "
                "type of the sum, dtype=torch.uint8.",
            ),
        )
        return
    known = (m for wrong, m in misconceptions if torch.equal(packed.double(), wrong.double()))
    expect_tensor(packed, shape=expected.shape, what="the packed codes", misconceptions=PACKED_AS)
    mistake = next(known, None)
    row = int((packed != expected).any(dim=1).nonzero()[0])
    if len(expected) > 2:
        given, expected, packed = f"row {row} of {given}", expected[row, None], packed[row, None]
    fail(
        f"{given} should give the bytes {in_binary(expected)}; it gives {in_binary(packed)}.",
        misconception=mistake,
        help=help,
    )


PACKED_AS = {
    (2, 16): Misconception(
        "spends a byte on each bit",
        "Eight bits share a byte: the result has an eighth of the columns, rounded up."),
    (1, 16): Misconception(
        "packs the columns", "A row is a code: its own bits share a byte, dim=1 (axis=1)."),
    (4,): Misconception(
        "packs all codes into one row", "A row is a code, and stays one: dim=1 (axis=1)."),
    (1, 1): Misconception(
        "drops the bits that fill no byte",
        "12 bits take 2 bytes: round C / 8 up, and fill the last byte with zeros."),
}  # fmt: skip
