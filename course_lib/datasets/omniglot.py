"""Omniglot: the alphabet is the category, the character the product, a drawing the image."""

from __future__ import annotations

from pathlib import Path

from course_lib.datasets.collection import DatasetError, ImageCollection, require_complete
from course_lib.datasets.folders import collection, scan, subfolders

_REMEDY = "make the data set again with `course data omniglot`"


def read_omniglot(folder: str | Path) -> ImageCollection:
    """Read what ``course data omniglot`` prepared, or one of the publisher's unpacked archives.

    The prepared set says in ``alphabets.txt`` which alphabets are for training and which for
    testing. A publisher's archive has no split: all of its drawings are for training.

    Raises:
        DatasetError: a file or folder is not as expected; the message names it.

    Example:
        >>> from PIL import Image
        >>> for number in (1, 2):
        ...     drawing = Path("omniglot", "Greek", f"character0{number}", "1.png")
        ...     drawing.parent.mkdir(parents=True)
        ...     Image.new("1", (8, 8)).save(drawing)
        >>> read_omniglot("omniglot")
        <ImageCollection: 2 images of 2 products in 1 categories, 2 for training>
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder: make it with `course data omniglot`")
    prepared = folder / "images"
    root = prepared if prepared.is_dir() else folder
    for alphabet in subfolders(root):
        for character in subfolders(alphabet):
            if not character.name.startswith("character"):
                raise DatasetError(
                    f"{character} is no character: the layout must be alphabet/characterNN/image, "
                    f"as in images_background_small1; or make it with `course data omniglot`"
                )
    entries = scan(root, "train")
    if root == prepared:
        splits = _splits(folder / "alphabets.txt", {entry.category for entry in entries})
        entries = [entry._replace(split=splits[entry.category]) for entry in entries]
    require_complete(folder, len(entries))
    return collection(entries)


def _splits(path: Path, alphabets: set[str]) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise DatasetError(f"{path} is missing: {_REMEDY}") from error
    splits = {}
    for position, line in enumerate(lines, 1):
        alphabet, _, split = line.partition(" ")
        if split not in ("train", "test"):
            raise DatasetError(
                f'{path}, line {position}: expected "<alphabet> <train|test>", found {line!r}; '
                f"{_REMEDY}"
            )
        splits[alphabet] = split
    missing = sorted(alphabets - splits.keys())
    if missing:
        raise DatasetError(f"{path} lacks {missing[0]}: {_REMEDY}")
    return splits
