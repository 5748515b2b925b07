"""A²-Net: hash codes whose bits stand for attributes, by a small autoencoder of the features."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.distances import l2_normalize
from course_lib.networks.stages import split_backbone
from course_lib.validation import require_embeddings, require_integers


@dataclass(frozen=True)
class AttributeTerms:
    """The terms of A²-Net's objective that need no database; each a scalar, a mean of squares.

    Attributes:
        reconstruction: ‖X − Wᵀ V'‖²: the attributes must tell what the features were.
        encoding: ‖W X − V'‖²: and be told by them.
        decorrelation: ‖V' V'ᵀ / n − I‖²: no two attributes shall tell the same.

    Example:
        >>> terms = attribute_terms(torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(4, 3))
        >>> terms.reconstruction, terms.decorrelation
        (tensor(0.), tensor(0.2500))
    """

    reconstruction: Tensor
    encoding: Tensor
    decorrelation: Tensor


def attribute_terms(features: Tensor, outputs: Tensor, weight: Tensor) -> AttributeTerms:
    """Compute the autoencoder's terms of a batch; the encoder W and the decoder Wᵀ are tied.

    Args:
        features: X, ``(n, D)``.
        outputs: V', ``(n, C)``: tanh(X Wᵀ), in place of the binary attributes.
        weight: W, ``(C, D)``.

    Returns:
        Means over all entries. n is the size of this batch: with the nominal batch size, as
        published, the last batch of an epoch pulls towards the wrong identity.

    Raises:
        TypeError, ValueError: the shapes do not fit.

    Source: Wei, Shen, Sun, Ye & Yang, "A²-Net", NeurIPS 2021, eq. 3 to 6.

    Example:
        >>> features, weight = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0]])
        >>> terms = attribute_terms(features, outputs=torch.tensor([[0.5]]), weight=weight)
        >>> terms.reconstruction, terms.encoding
        (tensor(0.1250), tensor(0.2500))
    """
    require_embeddings(features=features, outputs=outputs, weight=weight)
    if weight.shape != (outputs.shape[1], features.shape[1]) or len(features) != len(outputs):
        raise ValueError(
            f"features {tuple(features.shape)}, outputs {tuple(outputs.shape)} and weight "
            f"{tuple(weight.shape)} must be (n, D), (n, C) and (C, D)"
        )

    identity = torch.eye(outputs.shape[1], dtype=outputs.dtype, device=outputs.device)
    return AttributeTerms(
        reconstruction=(outputs @ weight - features).square().mean(),
        encoding=(features @ weight.T - outputs).square().mean(),
        decorrelation=(outputs.T @ outputs / len(outputs) - identity).square().mean(),
    )


class A2Net(nn.Module):
    """A²-Net: features of the whole image and of attended parts, and a linear layer for the bits.

    Args:
        backbone: a backbone of ``build_backbone``. All parts share its last stage; the whole image
            gets a copy.
        n_bits: C, length of the codes.
        n_parts: attended parts. Published are as many as bits; each costs a pass of the last stage.

    Source: Wei, Shen, Sun, Ye & Yang, "A²-Net", NeurIPS 2021, section 3.

    Example:
        >>> from course_lib.networks import build_backbone
        >>> network = A2Net(build_backbone("small"), n_bits=12, n_parts=2).eval()
        >>> images = torch.rand(2, 3, 64, 64)
        >>> network(images).shape, network.attention_maps(images).shape
        (torch.Size([2, 12]), torch.Size([2, 2, 8, 8]))
    """

    def __init__(self, backbone: nn.Module, n_bits: int, *, n_parts: int = 4) -> None:
        super().__init__()
        require_integers(1, n_bits=n_bits, n_parts=n_parts)
        self.trunk, last, middle, out = split_backbone(backbone)
        self.attention = nn.Conv2d(middle, n_parts, kernel_size=1)
        self.whole, self.part = _copy_of(last), _copy_of(last)
        self.encoder = nn.Linear(out * (n_parts + 1), n_bits, bias=False)

    def features(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to X, ``(N, D)``; each view has length 1."""
        maps = self.trunk(images.to(memory_format=torch.channels_last))
        masks = self.attention(maps).sigmoid()  # (N, n_parts, h, w)
        views = [self.whole(maps)] + [self.part(maps * mask) for mask in masks.split(1, dim=1)]
        # Lengths and inner products go on in the images' own precision: bfloat16 has eight bits.
        with _full_precision(images):
            return torch.cat([l2_normalize(view.to(images.dtype)) for view in views], dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to ``(N, n_bits)`` outputs in (−1, 1)."""
        features = self.features(images)
        with _full_precision(images):
            return self.encoder(features).tanh()

    def with_terms(self, images: Tensor) -> tuple[Tensor, AttributeTerms]:
        """Return outputs, and the terms of the objective that go with them."""
        features = self.features(images)
        with _full_precision(images):
            outputs = self.encoder(features).tanh()
            return outputs, attribute_terms(features, outputs, self.encoder.weight)

    def attention_maps(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to masks in (0, 1), ``(N, n_parts, h, w)``."""
        maps = self.trunk(images.to(memory_format=torch.channels_last))
        return self.attention(maps).sigmoid()


def _full_precision(images: Tensor) -> torch.autocast:
    return torch.autocast(images.device.type, enabled=False)


def _copy_of(stage: nn.Module) -> nn.Module:
    return nn.Sequential(copy.deepcopy(stage), nn.AdaptiveAvgPool2d(1), nn.Flatten())
