"""``smooth_ap_loss`` against the published B x B x B form and pytorch-metric-learning's."""

from collections.abc import Callable
from functools import partial

import torch
from pytorch_metric_learning.losses import SmoothAPLoss
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.harness import (
    OURS,
    Claim,
    Comparison,
    Row,
    interleaved_medians,
    peak_in_fresh_process,
    unit_rows,
)
from course_lib.losses import dense_smooth_ap_loss, smooth_ap_loss

D = 512
PUBLISHED = ((28, 4), (96, 4))
"""Products x images of the published batches: the code's default, and its README's."""
SQUARE = (16, 16)
"""The peer's value is right only where products and images of each are equally many."""
LARGE = (1024, 4)
DENSE, PUBLISHED_FORM = "course_lib, dense", "the published form, restated"
PEER = "pytorch-metric-learning SmoothAPLoss"
FASTER, LEANER, LIMIT = 100.0, 50.0, 4 * 2**30

Loss = Callable[[Tensor, Tensor], Tensor]


def published_smooth_ap(embeddings: Tensor, labels: Tensor, temperature: float = 0.01) -> Tensor:
    """The published class restated: sorted labels, equally many images of each."""
    classes = len(labels.unique())
    images = len(labels) // classes
    unit = normalize(embeddings, dim=1)
    among_all = _published_ranks(unit @ unit.T, temperature)
    groups = unit.view(classes, images, -1)
    among_positives = _published_ranks(groups @ groups.transpose(1, 2), temperature)
    total = torch.zeros((), dtype=embeddings.dtype)
    for i in range(classes):
        block = slice(i * images, (i + 1) * images)
        total = total + (among_positives[i] / among_all[block, block]).sum() / images
    return 1 - total / len(labels)


def _published_ranks(similarities: Tensor, temperature: float) -> Tensor:
    differences = similarities[..., None, :] - similarities[..., :, None]
    exponents = (-differences / temperature).clamp(-50, 50)
    others = 1 - torch.eye(similarities.shape[-1], dtype=similarities.dtype)
    return 1 + ((1 / (1 + exponents.exp())) * others).sum(dim=-1)


def measure(repeats: int) -> list[Comparison]:
    """Forward and backward at the published batch sizes, beside the peer, and at a large size."""
    with_dense: dict[str, Loss] = {
        OURS: smooth_ap_loss,
        DENSE: dense_smooth_ap_loss,
        PUBLISHED_FORM: published_smooth_ap,
    }
    default, readme = (_Contest(batch, with_dense, repeats) for batch in PUBLISHED)
    for dense in (DENSE, PUBLISHED_FORM):
        readme.comparison.claim_faster(dense, FASTER)
        leaner = readme.peaks[dense] / readme.peaks[OURS]
        target = f"at most 1/{LEANER:g} of the peak memory of {dense}"
        readme.claim(target, f"1/{leaner:.0f}", leaner >= LEANER)
    square = _Contest(SQUARE, {**with_dense, PEER: SmoothAPLoss(0.01)}, repeats)
    large = _Contest(LARGE, {OURS: smooth_ap_loss}, min(repeats, 3))
    peak = large.peaks[OURS]
    large.claim(f"at most {_mebibytes(LIMIT)}", _mebibytes(peak), peak <= LIMIT)
    return [contest.comparison for contest in (default, readme, square, large)]


class _Contest:
    """One batch, by several losses."""

    def __init__(self, batch: tuple[int, int], losses: dict[str, Loss], repeats: int) -> None:
        products, images = batch
        embeddings, labels = _embeddings(*batch)
        steps = {name: partial(_step, loss, embeddings, labels) for name, loss in losses.items()}
        seconds = interleaved_medians(steps, repeats)
        self.peaks = {
            name: peak_in_fresh_process(_prepared, loss, batch) for name, loss in losses.items()
        }
        self.comparison = Comparison(
            f"Smooth-AP, forward and backward: {products * images} images, {images} per product",
            [Row(name, seconds[name], f"peak {_mebibytes(self.peaks[name])}") for name in losses],
        )

    def claim(self, target: str, measured: str, holds: bool) -> None:
        self.comparison.claims.append(Claim(target, measured, holds))


def _prepared(loss: Loss, batch: tuple[int, int]) -> Callable[[], None]:
    """One step, with the libraries' own memory taken already."""
    _step(loss, *_embeddings(4, 4))
    return partial(_step, loss, *_embeddings(*batch))


def _step(loss: Loss, embeddings: Tensor, labels: Tensor) -> None:
    loss(embeddings.requires_grad_(), labels).backward()


def _embeddings(products: int, images: int) -> tuple[Tensor, Tensor]:
    """Unit rows and their labels, images of a product side by side as the peers want them."""
    return unit_rows(products * images, D, seed=0), torch.arange(products).repeat_interleave(images)


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
