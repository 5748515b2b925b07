"""Asymmetric deep supervised hashing: a network for queries, learnt codes for the database.

Only queries go through the network. The database's codes are variables of their own, found bit by
bit, so that a database of any size costs no passes through the network while it is learnt.
"""

from __future__ import annotations

import torch
from torch import Tensor

from course_lib.validation import (
    require_embeddings,
    require_integers,
    require_labels,
    require_same_kind,
)


def soft_similarities(query_labels: Tensor, database_labels: Tensor) -> Tensor:
    """Return S: +1 for equal labels; for others the negative number that makes the sum of all 0.

    With ±1 the many dissimilar pairs would outweigh the few similar pairs. With n₁ similar and n₀
    dissimilar pairs the latter get −n₁/n₀: nearly 0 for many classes, so that their codes shall be
    orthogonal, not opposite.

    Args:
        query_labels: ``(M,)`` integer labels.
        database_labels: ``(N,)`` integer labels on the same device.

    Returns:
        ``(M, N)`` float32. All +1 where no pair is dissimilar, all −1 where none is similar.

    Raises:
        TypeError, ValueError: the labels are no non-empty vectors of integers.

    Source: the published code of ADSH (Jiang & Li, AAAI 2018), not its article.

    Example:
        >>> soft_similarities(torch.tensor([0, 1]), torch.tensor([0, 1, 2]))
        tensor([[ 1.0000, -0.5000, -0.5000],
                [-0.5000,  1.0000, -0.5000]])
    """
    require_labels(query_labels, "query_labels")
    require_labels(database_labels, "database_labels")

    similar = query_labels[:, None] == database_labels
    return torch.where(similar, 1.0, dissimilar_value(int(similar.sum()), similar.numel()))


def dissimilar_value(n_similar: int, n_pairs: int) -> float:
    """Return −n₁/n₀ of the numbers of pairs; −1 where all pairs are similar, or none.

    Example:
        >>> dissimilar_value(n_similar=2, n_pairs=6)
        -0.5
    """
    n_dissimilar = n_pairs - n_similar
    return -n_similar / n_dissimilar if n_similar and n_dissimilar else -1.0


def asymmetric_loss(
    outputs: Tensor, codes: Tensor, similarities: Tensor, sample: Tensor, gamma: float = 200.0
) -> Tensor:
    """Compute ADSH's objective of a batch, divided by its number of pairs.

    1/(M N) [ Σ_ij (u_iᵀ v_j − C S_ij)² + γ Σ_i ‖v_{Ω(i)} − u_i‖² ]: inner products with all codes
    of the database shall be C times the similarities, and outputs shall be near the codes that
    their own images have in the database.

    Args:
        outputs: U, ``(M, C)``, floating point: of the network, tanh taken, so in [−1, 1].
        codes: V, ``(N, C)`` codes of the database, of the outputs' dtype and device.
        similarities: S, ``(M, N)``.
        sample: Ω, ``(M,)`` int64: which image of the database each output is of.
        gamma: γ, weight of the second part, >= 0.

    Returns:
        Scalar of the outputs' dtype.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit.

    Source: Jiang & Li, "Asymmetric Deep Supervised Hashing", AAAI 2018, eq. 2.

    Example:
        >>> codes = torch.tensor([[1.0, 1.0], [-1.0, 1.0]])
        >>> similarities = torch.tensor([[1.0, -1.0]])
        >>> asymmetric_loss(codes[:1], codes, similarities, sample=torch.tensor([0]))
        tensor(2.)
        >>> asymmetric_loss(0.5 * codes[:1], codes, similarities, sample=torch.tensor([0]))
        tensor(52.5000)
    """
    require_parts(outputs, codes, sample)
    if similarities.shape != (len(outputs), len(codes)):
        raise ValueError(
            f"similarities must have shape ({len(outputs)}, {len(codes)}), "
            f"got {tuple(similarities.shape)}"
        )

    n_bits = codes.shape[1]
    unlike = (outputs @ codes.T - n_bits * similarities).square().sum()
    apart = (codes[sample] - outputs).square().sum()
    return (unlike + gamma * apart) / similarities.numel()


def similarity_products(
    outputs: Tensor, query_labels: Tensor, database_labels: Tensor
) -> tuple[Tensor, float]:
    """Compute Sᵀ U of soft similarities S without making S: from one sum of outputs a class.

    S has two values only. So a row of Sᵀ U is the sum over the image's own class and the sum over
    all others, each times a number: N C numbers are made instead of M N.

    Args:
        outputs: U, ``(M, C)``.
        query_labels: ``(M,)`` labels of the outputs.
        database_labels: ``(N,)`` labels of the database.

    Returns:
        ``(N, C)`` of the outputs' dtype, and the value of S for dissimilar pairs.

    Example:
        >>> outputs = torch.tensor([[0.5, 1.0], [-1.0, 0.5]])
        >>> similarity_products(outputs, torch.tensor([0, 1]), torch.tensor([0, 1, 2]))
        (tensor([[ 1.0000,  0.7500],
                [-1.2500,  0.0000],
                [ 0.2500, -0.7500]]), -0.5)
    """
    require_embeddings(outputs=outputs)
    require_labels(query_labels, "query_labels", of=outputs)
    require_labels(database_labels, "database_labels")

    classes, numbers = torch.cat([query_labels, database_labels]).unique(return_inverse=True)
    queries, items = numbers[: len(outputs)], numbers[len(outputs) :]
    sums = outputs.new_zeros(len(classes), outputs.shape[1]).index_add_(0, queries, outputs)
    n_similar = int((queries.bincount(minlength=len(classes))[items]).sum())
    other = dissimilar_value(n_similar, len(queries) * len(items))
    own = sums[items]  # (N, C)
    return own + other * (sums.sum(dim=0) - own), other


def update_codes(
    codes: Tensor, outputs: Tensor, sample: Tensor, products: Tensor, gamma: float = 200.0
) -> Tensor:
    """Find the database's codes bit by bit: each the best, given the outputs and all other bits.

    For bit k of all images at once the objective is least at
    v_k = sign(C (Sᵀ U)_k + γ Ū_k − V̂ Ûᵀ U_k), where Ū holds the outputs in the rows Ω and 0
    elsewhere, and a hat leaves bit k out. Bits later in the sweep see those before.

    Args:
        codes: V, ``(N, C)``, −1 or +1.
        outputs: U, ``(M, C)``, of the same dtype and device.
        sample: Ω, ``(M,)`` int64, without repetition.
        products: Sᵀ U, ``(N, C)``: by :func:`similarity_products`, or of any similarities.
        gamma: γ, >= 0.

    Returns:
        ``(N, C)`` new codes; the input stays unchanged. A bit on which nothing depends stays.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit.

    Source: Jiang & Li, "Asymmetric Deep Supervised Hashing", AAAI 2018, eq. 9 to 11.

    Example:
        >>> codes = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]])
        >>> outputs = torch.tensor([[0.9, -0.8], [-0.7, 0.6]])
        >>> products = torch.tensor([[0.9, -0.8], [-0.7, 0.6], [0.2, 0.4]])
        >>> update_codes(codes, outputs, torch.tensor([0, 1]), products)
        tensor([[ 1., -1.],
                [-1.,  1.],
                [ 1.,  1.]])
    """
    require_parts(outputs, codes, sample)
    require_embeddings(products=products)
    if products.shape != codes.shape:
        raise ValueError(
            f"products must have shape {tuple(codes.shape)}, got {tuple(products.shape)}"
        )

    codes, outputs = codes.clone(), outputs.detach()
    wanted = codes.shape[1] * products.detach()  # (N, C)
    wanted = wanted.index_add(0, sample, gamma * outputs)
    between = outputs.T @ outputs  # (C, C)
    for k in range(codes.shape[1]):
        others = codes @ between[:, k] - codes[:, k] * between[k, k]
        side = wanted[:, k] - others
        codes[:, k] = torch.where(side == 0, codes[:, k], side.sign())
    return codes


def asymmetric_objective(
    codes: Tensor,
    outputs: Tensor,
    sample: Tensor,
    products: Tensor,
    squares: float,
    gamma: float = 200.0,
) -> float:
    """Compute the sum that :func:`asymmetric_loss` averages, without the ``(M, N)`` matrix.

    :func:`update_codes` lowers it.

    Args:
        codes, outputs, sample, products, gamma: as in :func:`update_codes`.
        squares: Σ S², over all pairs.

    Returns:
        The sum, not divided by the number of pairs.

    Example:
        >>> labels, sample = torch.tensor([0, 1, 2]), torch.tensor([0, 1])
        >>> codes, outputs = torch.tensor([[1.0], [-1.0], [1.0]]), torch.tensor([[0.5], [-0.5]])
        >>> products, other = similarity_products(outputs, labels[sample], labels)
        >>> asymmetric_objective(codes, outputs, sample, products, squares=2 + 4 * other**2)
        101.5
    """
    n_bits = codes.shape[1]
    inner = ((codes.T @ codes) * (outputs.T @ outputs)).sum()
    mixed = 2 * n_bits * (codes * products).sum()
    apart = (codes[sample] - outputs).square().sum()
    return (inner - mixed + gamma * apart).item() + n_bits**2 * squares


def draw_sample(n_items: int, size: int, generator: torch.Generator) -> Tensor:
    """Draw Ω: ``(min(size, n_items),)`` different images of the database, at random.

    A sample larger than the database would leave rows without an image.

    Example:
        >>> draw_sample(100, 2, torch.Generator().manual_seed(0)).shape
        torch.Size([2])
        >>> draw_sample(3, 5, torch.Generator().manual_seed(0)).sort().values
        tensor([0, 1, 2])
    """
    require_integers(1, n_items=n_items, size=size)
    return torch.randperm(n_items, generator=generator)[:size]


def require_parts(outputs: Tensor, codes: Tensor, sample: Tensor) -> None:
    """Refuse outputs, codes and a sample that do not belong to the same problem.

    Example:
        >>> require_parts(torch.zeros(2, 8), torch.zeros(5, 8), torch.tensor([4, 0]))
        >>> require_parts(torch.zeros(2, 8), torch.zeros(5, 9), torch.tensor([4, 0]))
        Traceback (most recent call last):
            ...
        ValueError: outputs has 8 columns, codes 9: both must have one a bit
    """
    require_embeddings(outputs=outputs, codes=codes)
    require_same_kind(outputs=outputs, codes=codes)
    if outputs.shape[1] != codes.shape[1]:
        raise ValueError(
            f"outputs has {outputs.shape[1]} columns, codes {codes.shape[1]}: "
            "both must have one a bit"
        )
    require_labels(sample, "sample", of=outputs)
