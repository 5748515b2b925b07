"""A classifier on top of an embedder: the cheapest way to pretrain the embedder."""

from torch import Tensor, nn

from course_lib.networks.embedder import Embedder
from course_lib.validation import require_integers


class Classifier(nn.Module):
    """One linear layer on an embedder's descriptors.

    Trained with cross-entropy it teaches the embedder what tells the classes apart; afterwards
    ``classifier.embedder`` is used alone. The layer looks at the descriptors *before* they are
    normalised: logits of unit vectors could not grow, and the loss would not fall.

    Args:
        embedder: trained along with the layer.
        n_classes: number of classes (C), >= 2.

    Example:
        >>> import torch
        >>> classifier = Classifier(Embedder(), n_classes=10)
        >>> classifier(torch.rand(2, 3, 64, 64)).shape
        torch.Size([2, 10])
    """

    def __init__(self, embedder: Embedder, n_classes: int) -> None:
        super().__init__()
        require_integers(2, n_classes=n_classes)
        self.embedder = embedder
        self.head = nn.Linear(embedder.out_features, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to ``(N, C)`` logits."""
        return self.head(self.embedder.descriptors(images))
