"""category/product/image folders, the plainest layout: names of folders are the labels."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np

from course_lib.datasets.collection import (
    DatasetError,
    ImageCollection,
    Split,
    require_complete,
)

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".ppm", ".tif", ".tiff"})
_SPLITS = frozenset(get_args(Split))


class Entry(NamedTuple):
    """One image found in category/product/image folders.

    Example:
        >>> Entry("tits", "blue", Path("tits/blue/1.png"), "train").product
        'blue'
    """

    category: str
    product: str
    path: Path
    split: str


def read_folders(folder: str | Path) -> ImageCollection:
    """Read images that lie in ``folder/category/product/``, or what ``course data`` prepared so.

    Where all folders at the top are named ``train``, ``validation`` or ``test``, categories begin
    below them, and a product of the same name in several of them is one product. Otherwise all
    images are for training. Products are told apart by category and name. Ids count from 0 in the
    order of names. Hidden files and files that are no images are passed over.

    Raises:
        DatasetError: something lies where it should not, or a prepared data set has lost pictures;
            the message names it.

    Example:
        >>> from PIL import Image
        >>> for path in ("thrushes/robin/1.png", "thrushes/robin/2.png", "tits/blue/1.png"):
        ...     Path("birds", path).parent.mkdir(parents=True, exist_ok=True)
        ...     Image.new("RGB", (8, 8)).save(Path("birds", path))
        >>> birds = read_folders("birds")
        >>> birds
        <ImageCollection: 3 images of 2 products in 2 categories, 3 for training>
        >>> birds.product_names
        {0: 'thrushes/robin', 1: 'tits/blue'}
    """
    folder = Path(folder)
    root = folder / "images" if (folder / "dataset.json").is_file() else folder
    tops = subfolders(root)
    if tops and {top.name for top in tops} <= _SPLITS:
        entries = [entry for top in tops for entry in scan(top, top.name)]
    else:
        entries = scan(root, "train")
    require_complete(folder, len(entries))
    return collection(entries)


def scan(folder: Path, split: str) -> list[Entry]:
    """List all images of category/product/image folders, by name, all of one split.

    Example:
        >>> from PIL import Image
        >>> for path in ("thrushes/robin/1.png", "thrushes/robin/2.png", "tits/blue/1.png"):
        ...     Path("birds", path).parent.mkdir(parents=True, exist_ok=True)
        ...     Image.new("RGB", (8, 8)).save(Path("birds", path))
        >>> [entry[:2] for entry in scan(Path("birds"), "train")]
        [('thrushes', 'robin'), ('thrushes', 'robin'), ('tits', 'blue')]
    """
    _require_no_images(folder)
    entries = []
    for category in _non_empty(folder):
        _require_no_images(category)
        for product in _non_empty(category):
            for deeper in subfolders(product):
                _require_no_images(deeper)
            images = _images(product)
            if not images:
                raise DatasetError(f"{product} has no images: remove it, or put its images there")
            entries += [Entry(category.name, product.name, image, split) for image in images]
    return entries


def collection(entries: list[Entry]) -> ImageCollection:
    """Make a collection of entries, ids numbered by name.

    Example:
        >>> photos = {"great": Path("1.png"), "blue": Path("2.png")}
        >>> birds = collection([Entry("tits", name, path, "test") for name, path in photos.items()])
        >>> birds.product_ids, birds.product_names
        (array([1, 0]), {0: 'tits/blue', 1: 'tits/great'})
    """
    categories = sorted({entry.category for entry in entries})
    products = sorted({(entry.category, entry.product) for entry in entries})
    category_id = {name: index for index, name in enumerate(categories)}
    product_id = {names: index for index, names in enumerate(products)}
    return ImageCollection(
        sources=tuple(entry.path for entry in entries),
        product_ids=np.array(
            [product_id[entry.category, entry.product] for entry in entries], dtype=np.int64
        ),
        category_ids=np.array([category_id[entry.category] for entry in entries], dtype=np.int64),
        split=np.array([entry.split for entry in entries]),
        product_names={index: "/".join(names) for names, index in product_id.items()},
        category_names=dict(enumerate(categories)),
    )


def subfolders(folder: Path) -> list[Path]:
    """List the folders in a folder, by name, without hidden ones.

    Example:
        >>> for name in ("tits", "finches", ".cache"):
        ...     Path(name).mkdir()
        >>> [path.name for path in subfolders(Path())]
        ['finches', 'tits']
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder: name the one that holds the categories")
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")


def _non_empty(folder: Path) -> list[Path]:
    found = subfolders(folder)
    if not found:
        raise DatasetError(f"{folder} has no folders: the layout must be category/product/image")
    return found


def _images(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _SUFFIXES and path.name[0] != "." and path.is_file()
    )


def _require_no_images(folder: Path) -> None:
    misplaced = _images(folder)
    if misplaced:
        raise DatasetError(
            f"{misplaced[0]} lies on the wrong level: the layout must be category/product/image, "
            f"so move it into its product's folder"
        )
