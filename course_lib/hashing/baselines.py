"""Hash functions that need no labels: random hyperplanes, ITQ, spectral hashing.

They are scikit-learn estimators, of tensors: ``fit`` looks at features, ``transform`` gives codes.
"""

from __future__ import annotations

from typing import Self

import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from course_lib.hashing.codes import binarize
from course_lib.validation import require_at_most, require_embeddings, require_integers


class Hasher(TransformerMixin, BaseEstimator):
    """The base of the hashers without labels: centred features, and one code a row.

    A subclass says in ``fit`` what it keeps of the features, beginning with ``self._centre``, and
    in ``_project`` how centred features become numbers. ``transform`` is then as here.

    Attributes:
        mean_: ``(D,)``, of the features that ``fit`` saw.

    Example:
        >>> class Signs(Hasher):
        ...     n_bits = 2
        ...     def fit(self, features, y=None):
        ...         self._centre(features)
        ...         return self
        ...     def _project(self, centred):
        ...         return centred[:, :2]
        >>> Signs().fit_transform(torch.tensor([[1.0, 5.0, 0.0], [3.0, 1.0, 0.0]]))
        tensor([[-1.,  1.],
                [ 1., -1.]])
    """

    n_bits: int

    def _centre(self, features: Tensor) -> Tensor:
        """Keep the mean of features as ``mean_``; return the features without it."""
        require_embeddings(features=features)
        require_integers(1, n_bits=self.n_bits)
        self.mean_ = features.mean(dim=0)
        return features - self.mean_

    def transform(self, features: Tensor) -> Tensor:
        """Return the codes of features.

        Args:
            features: ``(N, D)``, with as many columns as ``fit`` saw.

        Returns:
            ``(N, n_bits)`` of the features' dtype, −1 or +1.
        """
        check_is_fitted(self, "mean_")
        require_embeddings(features=features)
        if features.shape[1] != len(self.mean_):
            raise ValueError(f"features has {features.shape[1]} columns, fit saw {len(self.mean_)}")
        return binarize(self._project(features - self.mean_))

    def _project(self, centred: Tensor) -> Tensor:
        """Return ``(N, n_bits)`` real numbers, whose signs are the bits."""
        raise NotImplementedError


class LSH(Hasher):
    """Locality-sensitive hashing: a bit is the side of a random hyperplane that a row lies on.

    Two vectors at an angle θ (in radians, seen from the mean) agree in a bit with probability
    1 − θ/π. Nothing is learnt but the mean. The hyperplanes come from a generator of their own:
    they depend on the seed only, and global generators stay as they are.

    Args:
        n_bits: length of the codes.
        seed: seed of the hyperplanes.

    Attributes:
        mean_: ``(D,)``.
        directions_: ``(D, n_bits)``, each from a standard normal distribution.

    Source: Charikar, "Similarity Estimation Techniques from Rounding Algorithms", STOC 2002.

    Example:
        >>> features = torch.rand(100, 16)
        >>> hasher = LSH(n_bits=32, seed=0).fit(features)
        >>> hasher.directions_.shape, hasher.transform(features).shape
        (torch.Size([16, 32]), torch.Size([100, 32]))
        >>> torch.equal(hasher.transform(features), LSH(n_bits=32, seed=0).fit_transform(features))
        True
    """

    def __init__(self, n_bits: int = 32, *, seed: int = 0) -> None:
        self.n_bits = n_bits
        self.seed = seed

    def fit(self, features: Tensor, y: None = None) -> Self:
        """Keep the mean (``self._centre`` does) and draw the hyperplanes.

        Args:
            features: ``(N, D)``, floating point.
            y: not looked at; scikit-learn's pipelines pass it.

        Returns:
            The hasher itself.
        """
        ### BEGIN SOLUTION
        centred = self._centre(features)
        # A generator of its own: equal seeds give equal codes, and nobody else's numbers change.
        generator = torch.Generator().manual_seed(self.seed)
        drawn = torch.randn(centred.shape[1], self.n_bits, generator=generator)
        self.directions_ = drawn.to(features)
        return self
        ### END SOLUTION

    def _project(self, centred: Tensor) -> Tensor:
        """Return how far along the normal of each hyperplane the rows lie: ``(N, n_bits)``."""
        ### BEGIN SOLUTION
        return centred @ self.directions_
        ### END SOLUTION


def itq_rotation_step(projected: Tensor, rotation: Tensor) -> Tensor:
    """Return the rotation that brings the rows closest to the codes they have now: a step of ITQ.

    With B = sign(V R) fixed, ‖B − V R‖² is least for R = W Uᵀ, where Bᵀ V = U S Wᵀ is a singular
    value decomposition (the orthogonal Procrustes problem). So each step lowers it, or leaves it.

    Args:
        projected: V, ``(N, C)``, floating point: centred features on their principal axes.
        rotation: R, ``(C, C)``, orthogonal.

    Returns:
        ``(C, C)``, orthogonal.

    Raises:
        TypeError, ValueError: the two do not fit.

    Source: Gong & Lazebnik, "Iterative Quantization", CVPR 2011, section 2.2.

    Example:
        >>> projected = torch.tensor([[2.0, 0.3], [-2.0, -0.3], [0.1, 1.0], [-0.1, -1.0]])
        >>> itq_rotation_step(projected, torch.eye(2))
        tensor([[ 0.9734,  0.2290],
                [-0.2290,  0.9734]])
    """
    require_embeddings(projected=projected, rotation=rotation)
    if rotation.shape != (projected.shape[1], projected.shape[1]):
        raise ValueError(
            f"rotation must have shape ({projected.shape[1]}, {projected.shape[1]}), "
            f"got {tuple(rotation.shape)}"
        )

    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return right.T @ left.T


class ITQ(Hasher):
    """Iterative quantization: turn the principal axes until the codes lose least.

    Args:
        n_bits: length of the codes, at most the features' dimensions.
        n_steps: number of steps of the rotation.
        seed: seed of the random rotation to start from.

    Attributes:
        mean_: ``(D,)``.
        axes_: ``(D, n_bits)``: principal axes, turned.
        losses_: ``(n_steps + 1,)``: mean squared distance of a row from its code, before each step
            and at the end; it never rises.

    Source: Gong & Lazebnik, "Iterative Quantization", CVPR 2011.

    Example:
        >>> features = torch.randn(200, 16, generator=torch.Generator().manual_seed(0))
        >>> hasher = ITQ(n_bits=8, n_steps=10).fit(features)
        >>> hasher.transform(features).shape
        torch.Size([200, 8])
        >>> bool(hasher.losses_[-1] < hasher.losses_[0])
        True
    """

    def __init__(self, n_bits: int = 32, *, n_steps: int = 50, seed: int = 0) -> None:
        self.n_bits = n_bits
        self.n_steps = n_steps
        self.seed = seed

    def fit(self, features: Tensor, y: None = None) -> Self:
        """Find the rotation for ``(N, D)`` features, floating point."""
        require_integers(0, n_steps=self.n_steps)
        centred = self._centre(features)
        require_at_most(
            centred.shape[1], f"the features have {centred.shape[1]} dimensions", n_bits=self.n_bits
        )
        axes = principal_axes(centred)[:, : self.n_bits]
        projected = centred @ axes  # (N, n_bits)
        generator = torch.Generator().manual_seed(self.seed)
        drawn = torch.randn(self.n_bits, self.n_bits, generator=generator)
        rotation, _ = torch.linalg.qr(drawn.to(features))
        losses = [_loss(projected @ rotation)]
        for _ in range(self.n_steps):
            rotation = itq_rotation_step(projected, rotation)
            losses.append(_loss(projected @ rotation))
        self.losses_ = torch.stack(losses)
        self.axes_ = axes @ rotation
        return self

    def _project(self, centred: Tensor) -> Tensor:
        return centred @ self.axes_


class SpectralHashing(Hasher):
    """Spectral hashing: the slowest waves along the principal axes.

    If the data filled a box along the axes evenly, the smoothest functions on it would be
    sin(π/2 + kπ (x − a) / (b − a)). A wide side carries several waves, thus several bits.

    Args:
        n_bits: length of the codes.

    Attributes:
        mean_: ``(D,)``.
        axes_: ``(D, n_bits)``: the axis of each bit.
        lowest_: ``(n_bits,)``: a, where the data begin on it.
        frequencies_: ``(n_bits,)``: kπ / (b − a).

    Source: Weiss, Torralba & Fergus, "Spectral Hashing", NIPS 2008.

    Example:
        >>> features = torch.randn(200, 16, generator=torch.Generator().manual_seed(0))
        >>> SpectralHashing(n_bits=8).fit_transform(features).shape
        torch.Size([200, 8])
    """

    def __init__(self, n_bits: int = 32) -> None:
        self.n_bits = n_bits

    def fit(self, features: Tensor, y: None = None) -> Self:
        """Choose axes and waves for ``(N, D)`` features, floating point."""
        centred = self._centre(features)
        axes = principal_axes(centred)[:, : self.n_bits]
        projected = centred @ axes
        lowest, highest = projected.min(dim=0).values, projected.max(dim=0).values
        waves = torch.arange(1, self.n_bits + 1, device=features.device)  # (n_bits,)
        # A side that the data do not fill at all has no waves.
        frequencies = waves[:, None] * torch.pi / (highest - lowest).clamp_min(1e-12)  # (n_bits, D)
        slowest = frequencies.flatten().argsort(stable=True)[: self.n_bits]
        sides = slowest % axes.shape[1]
        self.axes_ = axes[:, sides]
        self.lowest_ = lowest[sides]
        self.frequencies_ = frequencies.flatten()[slowest]
        return self

    def _project(self, centred: Tensor) -> Tensor:
        along = centred @ self.axes_ - self.lowest_
        return torch.sin(torch.pi / 2 + along * self.frequencies_)


def principal_axes(centred: Tensor) -> Tensor:
    """Return the directions in which centred rows vary, the greatest variance first.

    Args:
        centred: ``(N, D)``, floating point, with mean 0.

    Returns:
        ``(D, D)`` orthonormal columns. Their signs are fixed: each one's largest entry is positive.

    Example:
        >>> principal_axes(torch.tensor([[-1.0, -2.0], [1.0, 2.0], [0.2, -0.1], [-0.2, 0.1]]))
        tensor([[ 0.4472,  0.8944],
                [ 0.8944, -0.4472]])
    """
    _, axes = torch.linalg.eigh(centred.T @ centred)
    axes = axes.flip(dims=[1])
    largest = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True))
    return axes * torch.where(largest < 0, -1, 1)


def _loss(rotated: Tensor) -> Tensor:
    return (binarize(rotated) - rotated).square().sum(dim=1).mean()
