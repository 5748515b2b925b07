"""Any data set that ``course data`` prepared, and the split that metric learning asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from course_lib.datasets.collection import ImageCollection
from course_lib.datasets.cub import read_cub
from course_lib.datasets.folders import read_folders
from course_lib.datasets.omniglot import read_omniglot


def read_prepared(folder: str | Path) -> ImageCollection:
    """Read a data set by the reader of its layout.

    A folder with ``images.txt`` goes to ``read_cub``, a folder with ``alphabets.txt`` to
    ``read_omniglot``, and any other folder to ``read_folders``.

    Raises:
        DatasetError: a file or folder is not as expected; the message names it.

    Example:
        >>> from PIL import Image
        >>> Path("birds/tits/blue").mkdir(parents=True)
        >>> Image.new("RGB", (8, 8)).save("birds/tits/blue/1.png")
        >>> read_prepared("birds")
        <ImageCollection: 1 images of 1 products in 1 categories, 1 for training>
    """
    folder = Path(folder)
    if (folder / "images.txt").is_file():
        return read_cub(folder)
    if (folder / "alphabets.txt").is_file():
        return read_omniglot(folder)
    return read_folders(folder)


def product_disjoint(collection: ImageCollection) -> ImageCollection:
    """Return the collection with a split that shares no product between training and the rest.

    A collection whose own split shares none is returned unchanged. In others (CUB-200-2011,
    FGVC-Aircraft, the procedural birds) the first half of the products, by id, is for training and
    the second half for testing, whatever the split of their images was: on CUB the first 100 and
    the last 100 species (Oh Song et al., "Deep metric learning via lifted structured feature
    embedding", 2016).

    Example:
        >>> from PIL import Image
        >>> picture = Image.new("RGB", (8, 8))
        >>> mixed = ImageCollection((picture,) * 4, [0, 0, 1, 1], [0] * 4, ["train", "test"] * 2)
        >>> product_disjoint(mixed).split
        array(['train', 'train', 'test', 'test'], dtype='<U5')
    """
    training = collection.split == "train"
    trained = np.unique(collection.product_ids[training])
    if not np.isin(collection.product_ids[~training], trained).any():
        return collection
    products = np.unique(collection.product_ids)
    first_half = products[: (len(products) + 1) // 2]
    split = np.where(np.isin(collection.product_ids, first_half), "train", "test")
    return replace(collection, split=split)
