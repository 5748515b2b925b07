"""The interface of all data sets: images, each with a product, a category and a split."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import torch

Crop = Literal["full", "center", "box"]
Split = Literal["train", "validation", "test"]
Source = Path | Image.Image


class DatasetError(ValueError):
    """A data set on disk that is not as it should be; the message names the file and the remedy."""


@dataclass(frozen=True, eq=False)
class ImageCollection:
    """N images of products; every product belongs to one category.

    Attributes:
        sources: where each image comes from: a path, or an image in memory.
        product_ids: (N,) int64, what retrieval shall find again.
        category_ids: (N,) int64, the coarser class that the product belongs to.
        split: (N,) strings, ``"train"``, ``"validation"`` or ``"test"``.
        product_names: a name for each product id, as far as known.
        category_names: a name for each category id, as far as known.
        boxes: (N, 4) float32, the object's x, y, width and height in pixels; None if unknown.
        attributes: (N, A) bool, which attributes each image shows; None if unknown.
        attribute_names: A names.
        parts: (N, P, 3) float32, each part's x and y in pixels and 1 where it can be seen, else 0;
            None if unknown.
        part_names: P names.

    Example:
        >>> picture = Image.new("RGB", (8, 6), "white")
        >>> splits = ["train", "test", "test"]
        >>> birds = ImageCollection((picture,) * 3, [0, 0, 1], [7, 7, 7], splits)
        >>> birds
        <ImageCollection: 3 images of 2 products in 1 categories, 1 for training>
        >>> birds.image(0, size=4, crop="center").size
        (4, 4)
        >>> birds.tensor([0, 2], size=64).shape
        torch.Size([2, 3, 64, 64])
        >>> len(birds.subset(split="test")), birds.subset(products=[1]).product_ids
        (2, array([1]))
    """

    sources: tuple[Source, ...]
    product_ids: np.ndarray
    category_ids: np.ndarray
    split: np.ndarray
    product_names: Mapping[int, str] = field(default_factory=dict)
    category_names: Mapping[int, str] = field(default_factory=dict)
    boxes: np.ndarray | None = None
    attributes: np.ndarray | None = None
    attribute_names: tuple[str, ...] = ()
    parts: np.ndarray | None = None
    part_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.sources)
        object.__setattr__(self, "sources", tuple(self.sources))
        self._freeze("product_ids", _ids(self.product_ids, "product_ids", count))
        self._freeze("category_ids", _ids(self.category_ids, "category_ids", count))
        self._freeze("split", _split(self.split, count))
        if self.boxes is not None:
            self._freeze("boxes", _boxes(self.boxes, count))
        for name in ("attribute_names", "part_names"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.attributes is not None:
            names = len(self.attribute_names)
            self._freeze("attributes", _attributes(self.attributes, count, names))
        if self.parts is not None:
            self._freeze("parts", _parts(self.parts, count, len(self.part_names)))
        _require_one_category_a_product(self.product_ids, self.category_ids)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.sources)

    def __repr__(self) -> str:
        """Show sizes only: a collection has thousands of paths."""
        return (
            f"<ImageCollection: {len(self)} images of {len(np.unique(self.product_ids))} products "
            f"in {len(np.unique(self.category_ids))} categories, "
            f"{int((self.split == 'train').sum())} for training>"
        )

    def image(self, index: int, size: int | None = None, crop: Crop = "full") -> Image.Image:
        """Return an image in RGB, cropped, then scaled to ``size`` x ``size`` pixels if given.

        Args:
            index: 0 … N-1.
            size: side in pixels; None keeps the size of the crop.
            crop: ``"full"``, the whole image (an oblong one is squeezed when scaled);
                ``"center"``, its largest central square; ``"box"``, the smallest square around
                the object's box, shifted and cut to lie in the image.

        Raises:
            DatasetError: the file is missing, truncated or no image.
            ValueError: ``crop="box"`` without boxes, or an unknown crop or size.
        """
        self._require_view(size, crop)
        picture = _load(self.sources[index])
        if crop != "full":
            picture = picture.crop(self._window(index, crop, *picture.size))
        if size is None or picture.size == (size, size):
            return picture
        return picture.resize((size, size), Image.Resampling.BILINEAR)

    def parts_in(self, index: int, size: int | None = None, crop: Crop = "full") -> np.ndarray:
        """Return where the parts are in ``image(index, size, crop)``.

        Returns:
            (P, 3) float32: x and y in pixels of that image, 0 at its left and upper edge, and 1 for
            a part that can be seen there, 0 for one that is hidden or cut off.

        Raises:
            DatasetError: the file is missing, truncated or no image.
            ValueError: the collection knows no parts, or an unknown crop or size.
        """
        if self.parts is None:
            raise ValueError("this collection knows no parts: read it with parts=True")
        self._require_view(size, crop)
        width, height = _load(self.sources[index]).size
        left, top, right, bottom = self._window(index, crop, width, height)
        shown = np.array([right - left, bottom - top], dtype=np.float32)
        places = (self.parts[index, :, :2] - (left, top)) / shown
        inside = ((places >= 0) & (places <= 1)).all(axis=1)
        visible = inside & (self.parts[index, :, 2] > 0)
        pixels = shown if size is None else size
        return np.column_stack([places * pixels, visible]).astype(np.float32)

    def tensor(self, indices: Any = None, size: int = 64, crop: Crop = "full") -> torch.Tensor:
        """Return images as float32 of shape ``(len(indices), 3, size, size)``, values in [0, 1].

        ``indices`` is anything that selects from ``range(N)`` in NumPy: integers, a slice, a
        boolean mask; None means all. Cropping and errors are those of ``image``.
        """
        import torch  # here, since reading ids and paths needs no torch

        chosen = self._select(indices)
        pixels = np.empty((len(chosen), size, size, 3), dtype=np.uint8)
        for row, index in zip(pixels, chosen.tolist(), strict=True):
            row[:] = np.asarray(self.image(index, size, crop))
        return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float().div_(255)

    def subset(
        self,
        indices: Any = None,
        *,
        split: Split | None = None,
        categories: Collection[int] | None = None,
        products: Collection[int] | None = None,
    ) -> ImageCollection:
        """Return the images at ``indices`` (default all) of this split, categories and products.

        Ids and names stay what they are, and the order is that of ``indices``.
        """
        chosen = self._select(indices)
        if split is not None:
            if split not in get_args(Split):
                raise ValueError(f"split must be {_any_split()}, not {split!r}")
            chosen = chosen[self.split[chosen] == split]
        if categories is not None:
            chosen = chosen[np.isin(self.category_ids[chosen], list(categories))]
        if products is not None:
            chosen = chosen[np.isin(self.product_ids[chosen], list(products))]
        return ImageCollection(
            sources=tuple(self.sources[index] for index in chosen.tolist()),
            product_ids=self.product_ids[chosen],
            category_ids=self.category_ids[chosen],
            split=self.split[chosen],
            product_names=self.product_names,
            category_names=self.category_names,
            boxes=None if self.boxes is None else self.boxes[chosen],
            attributes=None if self.attributes is None else self.attributes[chosen],
            attribute_names=self.attribute_names,
            parts=None if self.parts is None else self.parts[chosen],
            part_names=self.part_names,
        )

    def _require_view(self, size: int | None, crop: Crop) -> None:
        if crop not in get_args(Crop):
            raise ValueError(f"crop must be one of {', '.join(get_args(Crop))}, not {crop!r}")
        if size is not None and size < 1:
            raise ValueError(f"size must be at least 1 pixel, not {size}")
        if crop == "box" and self.boxes is None:
            raise ValueError('crop="box" needs boxes, and this collection has none')

    def _window(self, index: int, crop: Crop, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, upper, right and lower edge of what a crop keeps."""
        if crop == "box" and self.boxes is not None:
            return _square_around(self.boxes[index], width, height)
        return _central_square(width, height) if crop == "center" else (0, 0, width, height)

    def _select(self, indices: Any) -> np.ndarray:
        everything = np.arange(len(self))
        if indices is None:
            return everything
        chosen = indices if isinstance(indices, slice) else np.asarray(indices)
        if isinstance(chosen, np.ndarray) and chosen.size == 0:
            return everything[:0]
        return np.atleast_1d(everything[chosen])

    def _freeze(self, name: str, values: np.ndarray) -> None:
        values.flags.writeable = False
        object.__setattr__(self, name, values)


def require_complete(folder: Path, count: int) -> None:
    """Refuse a prepared data set that has lost pictures since its ``dataset.json`` was written.

    Example:
        >>> folder = Path("birds")
        >>> folder.mkdir()
        >>> _ = (folder / "dataset.json").write_text('{"pictures": {"files": 3}}')
        >>> require_complete(folder, 3)
        >>> require_complete(folder, 2)
        Traceback (most recent call last):
            ...
        course_lib.datasets.collection.DatasetError: birds has 2 pictures, and dataset.json says ...
    """
    stamp = folder / "dataset.json"
    if not stamp.is_file():
        return
    try:
        expected = json.loads(stamp.read_text(encoding="utf-8"))["pictures"]["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{stamp} is damaged: prepare the data set again") from error
    if expected != count:
        raise DatasetError(
            f"{folder} has {count} pictures, and {stamp.name} says {expected}: "
            f"prepare the data set again"
        )


def _load(source: Source) -> Image.Image:
    if isinstance(source, Image.Image):
        return source.convert("RGB")
    try:
        with Image.open(source) as picture:
            return picture.convert("RGB")
    except FileNotFoundError as error:
        raise DatasetError(f"{source} is missing: prepare the data set again") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetError(
            f"{source} is truncated or no picture ({error}): prepare the data set again, "
            f"or put a whole file there"
        ) from error


def _central_square(width: int, height: int) -> tuple[int, int, int, int]:
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def _square_around(box: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    x, y, box_width, box_height = box.tolist()
    side = max(1, round(min(max(box_width, box_height), width, height)))
    left = round(min(max(0.0, x + (box_width - side) / 2), width - side))
    top = round(min(max(0.0, y + (box_height - side) / 2), height - side))
    return left, top, left + side, top + side


def _ids(values: Any, name: str, count: int) -> np.ndarray:
    ids = np.asarray(values)
    if ids.shape != (count,):
        raise ValueError(f"{name} must have shape ({count},), one an image, not {ids.shape}")
    if count and ids.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, not {ids.dtype}")
    return ids.astype(np.int64)


def _split(values: Any, count: int) -> np.ndarray:
    split = np.array(values, dtype=np.str_)
    if split.shape != (count,):
        raise ValueError(f"split must have shape ({count},), one an image, not {split.shape}")
    unknown = sorted(set(split.tolist()) - set(get_args(Split)))
    if unknown:
        raise ValueError(f"an image's split must be {_any_split()}, not {unknown[0]!r}")
    return split


def _any_split() -> str:
    first, second, last = (f'"{name}"' for name in get_args(Split))
    return f"{first}, {second} or {last}"


def _boxes(values: Any, count: int) -> np.ndarray:
    boxes = np.array(values, dtype=np.float32)
    if boxes.shape != (count, 4):
        raise ValueError(
            f"boxes must have shape ({count}, 4): x, y, width, height an image, not {boxes.shape}"
        )
    return boxes


def _attributes(values: Any, count: int, names: int) -> np.ndarray:
    attributes = np.array(values, dtype=bool)
    if attributes.shape != (count, names):
        raise ValueError(
            f"attributes must have shape ({count}, {names}): one an image and attribute name, "
            f"not {attributes.shape}"
        )
    return attributes


def _parts(values: Any, count: int, names: int) -> np.ndarray:
    parts = np.array(values, dtype=np.float32)
    if parts.shape != (count, names, 3):
        raise ValueError(
            f"parts must have shape ({count}, {names}, 3): x, y, visible an image and part name, "
            f"not {parts.shape}"
        )
    return parts


def _require_one_category_a_product(product_ids: np.ndarray, category_ids: np.ndarray) -> None:
    pairs = np.unique(np.stack([product_ids, category_ids], axis=1), axis=0)
    products, counts = np.unique(pairs[:, 0], return_counts=True)
    if (counts > 1).any():
        product = products[counts > 1][0]
        raise ValueError(f"product {product} is in more than one category; give it one")
