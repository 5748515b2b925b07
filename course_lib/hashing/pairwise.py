"""Learning to hash in two stages: codes whose inner products are the similarities, then a network.

Stage one knows labels only: it looks for H with S ≈ H Hᵀ / C. Stage two teaches a network to give
each image its code, which new images then get, too.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from course_lib.validation import require_embeddings, require_integers


def pairwise_codes(
    similarities: Tensor, n_bits: int, *, n_sweeps: int = 5, seed: int = 0
) -> tuple[Tensor, list[float]]:
    """Find H in [−1, 1] that minimises ‖S − H Hᵀ / C‖², one entry at a time: stage one of two.

    In one entry, with all others fixed, the objective is a polynomial of degree four, whose least
    value on [−1, 1] is known in closed form: it never rises.

    Args:
        similarities: S, ``(N, N)``, symmetric: +1 where two images are similar, −1 elsewhere.
        n_bits: C.
        n_sweeps: times that every entry is visited.
        seed: seed of the random start.

    Returns:
        ``(N, C)`` relaxed codes in [−1, 1], float64, and the objective before the first and after
        every sweep. The codes are their signs.

    Raises:
        TypeError, ValueError: ``similarities`` is not square and symmetric, or a number is out of
            range.

    Source: Xia, Pan, Lai, Liu & Yan, "Supervised Hashing for Image Retrieval via Image
    Representation Learning", AAAI 2014, section 3.1; there by a Newton step.

    Example:
        >>> labels = torch.tensor([0, 0, 1, 1])
        >>> similarities = 2.0 * (labels[:, None] == labels) - 1
        >>> codes, objectives = pairwise_codes(similarities, n_bits=4)
        >>> codes.shape, objectives[-1] < objectives[0]
        (torch.Size([4, 4]), True)
    """
    require_embeddings(similarities=similarities)
    require_integers(1, n_bits=n_bits)
    require_integers(0, n_sweeps=n_sweeps)
    if similarities.shape[0] != similarities.shape[1]:
        raise ValueError(f"similarities must be square, got shape {tuple(similarities.shape)}")
    if not torch.equal(similarities, similarities.T):
        raise ValueError("similarities must be symmetric: of i and j as of j and i")

    wanted = n_bits * similarities.double().cpu().numpy()
    codes = np.random.default_rng(seed).uniform(-1, 1, (len(wanted), n_bits))
    residual = codes @ codes.T - wanted
    objectives = [float(np.square(residual).sum()) / n_bits**2]
    for _ in range(n_sweeps):
        for bit in range(n_bits):
            _sweep_bit(codes[:, bit], residual)
        objectives.append(float(np.square(residual).sum()) / n_bits**2)
    return torch.from_numpy(codes), objectives


def _sweep_bit(column: np.ndarray, residual: np.ndarray) -> None:
    """Find the best entries of a column of H, one after the other; update H Hᵀ − C S."""
    norm = float(column @ column)
    for i, old in enumerate(column):
        # With entry h: (rest_j + h H_j)² twice for each j ≠ i, and (rest_i + h²)² once, where rest
        # is the residual without this entry. Its derivative is 4 (h³ + p h + r).
        rest_norm = norm - old * old
        p = residual[i, i] - old * old + rest_norm
        r = float(residual[i] @ column) - residual[i, i] * old - old * rest_norm
        new = _least(p, r)
        change = new - old
        if change == 0:
            continue
        norm += new * new - old * old
        diagonal = residual[i, i] - old * old + new * new
        residual[i] += change * column
        residual[:, i] = residual[i]
        residual[i, i] = diagonal
        column[i] = new


def _least(p: float, r: float) -> float:
    """Return the place in [−1, 1] where h⁴ + 2 p h² + 4 r h is least."""
    candidates = [-1.0, 1.0] + [h for h in _roots(p, r) if -1 < h < 1]
    return min(candidates, key=lambda h: h**4 + 2 * p * h * h + 4 * r * h)


def _roots(p: float, r: float) -> list[float]:
    """Return the real roots of h³ + p h + r, by Cardano's or, for three roots, Viète's formula."""
    discriminant = (r / 2) ** 2 + (p / 3) ** 3
    if discriminant >= 0:
        # Of the two cube roots the larger one: the difference of nearly equal numbers is noise.
        big = np.cbrt(abs(r) / 2 + math.sqrt(discriminant))
        root = big - p / (3 * big) if big else 0.0
        return [-math.copysign(1, r) * float(root)]
    radius = 2 * math.sqrt(-p / 3)
    angle = math.acos(max(-1.0, min(1.0, 3 * r / (p * radius)))) / 3
    return [radius * math.cos(angle - 2 * math.pi * k / 3) for k in range(3)]
