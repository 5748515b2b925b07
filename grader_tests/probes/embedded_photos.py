"""Embeds photos with the weights that were handed in, by the library's own embedder."""

from typing import Any

from torch import Tensor

from course_lib.networks import Embedder
from course_lib.training import embed


def probe(answer: Any, weights: dict[str, Tensor], photos: Tensor) -> Tensor:
    """Embeddings of ``(N, 3, H, W)`` photos of uint8; the answer itself is not called."""
    embedder = Embedder()
    embedder.load_state_dict(weights)
    return embed(embedder, photos / 255)
