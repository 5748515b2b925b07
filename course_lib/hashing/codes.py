"""Binary codes: from real outputs to bits, and how far two codes are apart."""

import numpy as np
import torch
from torch import Tensor

from course_lib.validation import (
    require_at_most,
    require_codes,
    require_embeddings,
    require_integers,
    require_packed,
    require_same_device,
)

WORD = 8
"""Bytes of the words that are compared at once."""


def binarize(outputs: Tensor) -> Tensor:
    """Return the nearest code of each row: +1 where an output is at least 0, else −1.

    Zero has a side, unlike with ``torch.sign``: a bit that is 0 would be half a bit away from both.

    Args:
        outputs: ``(N, C)``, floating point.

    Returns:
        ``(N, C)`` of the outputs' dtype, −1 or +1, without a gradient: the step has none.

    Raises:
        TypeError, ValueError: ``outputs`` is no floating-point matrix, or has no columns.

    Example:
        >>> binarize(torch.tensor([[0.3, -0.2, 0.0]]))
        tensor([[ 1., -1.,  1.]])
    """
    require_embeddings(outputs=outputs, allow_empty=True)

    ones = torch.ones_like(outputs)
    return torch.where(outputs >= 0, ones, -ones)


def pack_codes(codes: Tensor) -> Tensor:
    """Pack each row of codes, eight bits to a byte, the first bit highest in the first byte.

    Args:
        codes: ``(N, C)`` numbers or bools. A bit is set where the number is greater than 0, so that
            both −1, +1 and 0, 1 are understood.

    Returns:
        ``(N, ⌈C/8⌉)`` uint8 on the codes' device; bits that the last byte has left are 0.

    Raises:
        TypeError, ValueError: ``codes`` is no matrix, or has no columns.

    Example:
        >>> pack_codes(torch.tensor([[-1, -1, -1, -1, -1, -1, -1, 1], [1, 1, 0, 0, 0, 0, 0, 0]]))
        tensor([[  1],
                [192]], dtype=torch.uint8)
        >>> pack_codes(torch.ones(1, 12))
        tensor([[255, 240]], dtype=torch.uint8)
    """
    require_codes(codes)

    n_bytes = -(-codes.shape[1] // 8)
    bits = torch.zeros(len(codes), n_bytes * 8, dtype=torch.uint8, device=codes.device)
    bits[:, : codes.shape[1]] = codes > 0
    places = 2 ** torch.arange(7, -1, -1, dtype=torch.uint8, device=codes.device)
    return (bits.view(len(codes), n_bytes, 8) * places).sum(dim=2, dtype=torch.uint8)


def unpack_codes(packed: Tensor, n_bits: int) -> Tensor:
    """Return the codes of packed codes: −1 or +1.

    Args:
        packed: ``(N, ⌈C/8⌉)`` uint8, as :func:`pack_codes` gives them.
        n_bits: C, the length of the codes in bits.

    Returns:
        ``(N, C)`` float32, −1 or +1.

    Raises:
        TypeError, ValueError: ``packed`` is no uint8 matrix, or too narrow for ``n_bits``.

    Example:
        >>> packed = pack_codes(torch.tensor([[1.0, -1.0, 1.0]]))
        >>> unpack_codes(packed, n_bits=3)
        tensor([[ 1., -1.,  1.]])
    """
    require_packed(packed=packed)
    require_integers(1, n_bits=n_bits)
    require_at_most(
        packed.shape[1] * 8, f"packed holds {packed.shape[1]} bytes a row", n_bits=n_bits
    )

    places = torch.arange(7, -1, -1, dtype=torch.uint8, device=packed.device)
    bits = (packed[:, :, None] >> places) & 1  # (N, B, 8)
    return bits.flatten(start_dim=1)[:, :n_bits].float() * 2 - 1


def hamming_distances(x: Tensor, y: Tensor) -> Tensor:
    """Count the bits in which each packed code of ``x`` differs from each of ``y``.

    XOR leaves a 1 where two codes differ; counting the ones is an instruction of the processor.

    Args:
        x: ``(N, B)`` uint8 packed codes.
        y: ``(M, B)`` uint8 packed codes on the same device.

    Returns:
        ``(N, M)`` int16.

    Raises:
        TypeError, ValueError: the inputs are no uint8 matrices, or of different widths or devices.

    Note:
        For −1, +1 codes of C bits the distance is (C − ⟨b, b'⟩) / 2: a matrix product does as well,
        with 32 times the memory.

    Example:
        >>> x = torch.tensor([[0b10110000]], dtype=torch.uint8)
        >>> y = torch.tensor([[0b10110000], [0b00110001]], dtype=torch.uint8)
        >>> hamming_distances(x, y)
        tensor([[0, 2]], dtype=torch.int16)
    """
    require_packed(x=x, y=y)
    require_same_device(x=x, y=y)

    if x.device.type == "cpu":
        words, others = as_words(x), as_words(y)
        counts = np.zeros((len(x), len(y)), dtype=np.int16)
        for place in range(words.shape[1]):
            counts += np.bitwise_count(words[:, None, place] ^ others[:, place])
        return torch.from_numpy(counts)
    # torch has no instruction that counts bits on a GPU, where matrix products cost little.
    n_bits = x.shape[1] * 8
    rows, columns = unpack_codes(x, n_bits), unpack_codes(y, n_bits)
    return ((n_bits - rows @ columns.T) / 2).round().to(torch.int16)


def as_words(packed: Tensor) -> np.ndarray:
    """Return packed codes as ``(N, W)`` uint64 words, filled up with zeros, which never differ.

    Args:
        packed: ``(N, B)`` uint8 on the CPU.

    Returns:
        ``(N, ⌈B/8⌉)`` uint64, each column contiguous: distances are counted a column at a time.

    Example:
        >>> as_words(torch.ones(1, 9, dtype=torch.uint8)).shape
        (1, 2)
    """
    array = packed.numpy()
    short = -array.shape[1] % WORD
    filled = np.pad(array, ((0, 0), (0, short)))
    return np.asfortranarray(np.ascontiguousarray(filled).view(np.uint64))
