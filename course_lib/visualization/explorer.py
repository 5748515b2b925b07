"""An interactive page of embeddings: look around on the map, see who is whose neighbour.

The page is one file without any request to a network: images, data, style and script are in it, and
its content policy forbids everything else. It works as a file and, in a frame without rights, in a
notebook; with a mouse and with a keyboard.
"""

import base64
import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from course_lib.validation import Ids
from course_lib.visualization.drawing import Picture, in_order, named, plain, thumbnail
from course_lib.visualization.explorer_page import TEMPLATE

MAX_IMAGES = 1500
MAX_THUMBNAIL_BYTES = 3000
"""Together they bound a page to about 6 MB."""
HEIGHT = 860  # of the frame in a notebook, in pixels


@dataclass(frozen=True)
class Page:
    """An HTML page; the last line of a cell shows it in a notebook.

    Attributes:
        html: the whole page.
        alt: what the page shows, in words.

    Example:
        >>> page = Page("<!doctype html><title>Birds</title>", alt="An empty page.")
        >>> page
        An empty page.
        >>> page.save("birds.html").read_text()
        '<!doctype html><title>Birds</title>'
    """

    html: str
    alt: str

    def save(self, path: str | Path) -> Path:
        """Write the page to a file that any browser opens.

        Returns:
            The path.
        """
        path = Path(path)
        path.write_text(self.html, encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        return (
            f'<iframe sandbox="allow-scripts" title="{html.escape(self.alt)}" '
            f'style="width: 100%; height: {HEIGHT}px; border: 1px solid #ccc" '
            f'srcdoc="{html.escape(self.html)}"></iframe>'
        )


def embedding_explorer(
    maps: Mapping[str, Any],
    neighbours: Mapping[str, Any],
    images: Sequence[Picture],
    product_ids: Ids,
    category_ids: Ids,
    *,
    product_names: Mapping[int, str] | None = None,
    category_names: Mapping[int, str] | None = None,
    title: str = "Embeddings",
) -> Page:
    """Make a page with one map or several of the same images, side by side.

    Pointing at a mark shows the image; clicking it (or Enter) shows its nearest neighbours, found
    in the embeddings and not on the map, and links them to it on every map.

    Args:
        maps: name -> ``(N, 2)`` points, as :func:`tsne` returns; for example "before" and "after".
        neighbours: the same names -> ``(N, k)`` indices of each image's neighbours, nearest first,
            without itself.
        images: N images, at most 1500.
        product_ids: ``(N,)`` integers: neighbours of the same product are hits.
        category_ids: ``(N,)`` integers: each has its own mark.
        product_names: names to show; ids where it has none.
        category_names: names to show; ids where it has none.
        title: title of the page.

    Raises:
        ValueError: lengths or names do not fit, an index is none of an image, or there are too many
            images.

    Example:
        >>> maps, neighbours = {"": [[0, 0], [0, 1], [5, 5]]}, {"": [[1], [0], [1]]}
        >>> images = np.random.rand(3, 64, 64, 3)
        >>> products, categories = [7, 7, 8], [1, 1, 1]
        >>> page = embedding_explorer(maps, neighbours, images, products, categories)
        >>> print(page.alt)
        Embeddings. 3 images of 1 categories to look around in. Neighbours of the same product: map:
        67%.
    """
    products, categories = np.asarray(product_ids), np.asarray(category_ids)
    n = len(images)
    if not 2 <= n <= MAX_IMAGES:
        raise ValueError(f"a page holds 2 to {MAX_IMAGES} images, got {n}; take some of them")
    if not n == len(products) == len(categories):
        raise ValueError(
            f"{n} images need as many ids, got {len(products)} product_ids and "
            f"{len(categories)} category_ids"
        )
    if not maps or set(maps) != set(neighbours):
        raise ValueError(
            f"maps and neighbours must have the same names, got {sorted(maps)} and "
            f"{sorted(neighbours)}"
        )
    order = sorted(in_order(categories))
    data = {
        "title": title,
        "categories": [named(category, category_names) for category in order],
        "category": [order.index(category) for category in categories.tolist()],
        "product": [named(product, product_names) for product in products.tolist()],
        "productId": products.tolist(),
        "image": [_jpeg(image) for image in images],
        "maps": [
            {
                "name": name,
                "points": _points(name, maps[name], n),
                "neighbours": _indices(name, neighbours[name], n),
            }
            for name in maps
        ],
    }
    # A "</script>" in a name would end the script: JSON can spell it without "<".
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")
    page = TEMPLATE.replace("@TITLE@", html.escape(title)).replace("@DATA@", text)
    hits = "; ".join(
        f"{name or 'map'}: {_hit_share(products, neighbours[name]):.0%}" for name in maps
    )
    return Page(
        page,
        f"{title}. {n} images of {len(order)} categories to look around in. Neighbours of the same "
        f"product: {hits}.",
    )


def _points(name: str, points: Any, n: int) -> list[list[float]]:
    """Scale points into [0, 1]², proportions kept, y downwards as on a screen."""
    plane = plain(points).astype(np.float64)
    if plane.shape != (n, 2) or not np.isfinite(plane).all():
        raise ValueError(f"map {name!r} needs {n} finite points as (N, 2), got {plane.shape}")
    extent = np.ptp(plane, axis=0).max() or 1.0
    middle = (plane.max(axis=0) + plane.min(axis=0)) / 2
    unit = (plane - middle) / extent * (1, -1) + 0.5
    return unit.round(4).tolist()


def _indices(name: str, neighbours: Any, n: int) -> list[list[int]]:
    indices = plain(neighbours)
    if indices.ndim != 2 or len(indices) != n or not np.issubdtype(indices.dtype, np.integer):
        raise ValueError(f"neighbours of {name!r} need {n} rows of indices, got {indices.shape}")
    if indices.size and not (indices.min() >= 0 and indices.max() < n):
        raise ValueError(f"neighbours of {name!r} hold an index that is none of the {n} images")
    return indices.tolist()


def _hit_share(products: np.ndarray, neighbours: Any) -> float:
    indices = plain(neighbours)
    return float((products[indices] == products[:, None]).mean()) if indices.size else 0.0


def _jpeg(image: Picture) -> str:
    """Return a thumbnail as base64, in a bounded number of bytes."""
    pixels = Image.fromarray(thumbnail(image))
    for quality in (85, 70, 50, 30, 10):
        data = io.BytesIO()
        pixels.save(data, format="JPEG", quality=quality)
        if data.tell() <= MAX_THUMBNAIL_BYTES:
            break
    return base64.b64encode(data.getvalue()).decode("ascii")
