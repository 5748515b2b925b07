"""Embeds a data set with a network that notes in which state it was used."""

from typing import Any

import torch
from torch import Tensor, nn

MOST_NOTES = 400


class Photos:
    """A data set of images and labels, read item by item; notes which items were read."""

    def __init__(self, images: Tensor, labels: list[int], broken: int | None) -> None:
        self.images, self.labels, self.broken = images, labels, broken
        self.read: list[int] = []

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index == self.broken:
            raise OSError(f"image {index} is truncated")
        self.read.append(int(index))
        return self.images[index], self.labels[index]


class Noted(nn.Module):
    """A convolution, batch normalisation and dropout; notes each pass."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 6, 1, bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.dropout = nn.Dropout(0.5)
        self.passes: list[dict[str, Any]] = []

    def forward(self, images: Tensor) -> Tensor:
        self.passes.append(
            {
                "images": len(images),
                "training": self.training or self.norm.training or self.dropout.training,
                "graph": torch.is_grad_enabled(),
            }
        )
        features = self.norm(self.convolution(images)).mean(dim=(2, 3))
        return nn.functional.normalize(self.dropout(features))


def probe(
    answer: Any,
    images: Tensor,
    labels: list[int],
    *,
    batch_size: int | None = None,
    training: bool = True,
    broken: int | None = None,
) -> dict[str, Any]:
    """Embed the images; say what came back, and how network and data set were used.

    Args:
        batch_size: handed on, unless None.
        training: mode in which the network comes.
        broken: index of an item that cannot be read.
    """
    torch.manual_seed(1)
    model, photos = Noted(), Photos(images, labels, broken)
    with torch.no_grad():  # statistics unlike those of any batch
        mean, variance = model.norm.running_mean, model.norm.running_var
        assert mean is not None
        assert variance is not None
        mean.normal_()
        variance.uniform_(0.5, 2)
    model.train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    options = {} if batch_size is None else {"batch_size": batch_size}
    value, error = None, ""
    try:
        value = answer(model, photos, **options)
    except OSError as problem:
        error = type(problem).__name__
    passes, kept = model.passes[:MOST_NOTES], model.training
    after = model.state_dict()
    with torch.no_grad():
        alone = torch.cat([model.eval()(image[None]) for image in images])
    return {
        "value": value,
        "error": error,
        "passes": passes,
        "read": photos.read[:MOST_NOTES],
        "training afterwards": kept,
        "state kept": all(torch.equal(before[name], after[name]) for name in before),
        "one by one": alone,
    }
