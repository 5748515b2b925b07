"""CUB-200-2011's layout: text files of numbered lines, and a folder of images a class.

The product is the class (a species of bird). The category is the genus in ``class_genus.txt`` where
there is one, as in the procedural birds; else the last word of the class's name, so that
``001.Black_footed_Albatross`` and ``002.Laysan_Albatross`` share the category ``Albatross``.

Attributes and parts are read only if asked for: the real CUB has 3.7 million lines of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from course_lib.datasets.collection import DatasetError, ImageCollection, require_complete

_REMEDY = (
    "make the birds with `course data birds`, or name the folder CUB_200_2011 of the published "
    "archive"
)


def read_cub(
    folder: str | Path, *, attributes: bool = False, parts: bool = False
) -> ImageCollection:
    """Read the procedural birds, or the real CUB-200-2011, from the folder with ``images.txt``.

    Ids count from 0 in the order of the files' own. Boxes are read where ``bounding_boxes.txt`` is.

    Args:
        folder: with ``images.txt`` and the folder ``images``.
        attributes: read what annotators saw in each image, too, however certain they were.
        parts: read where the birds' parts are, too.

    Raises:
        DatasetError: naming the file, or the image, that is missing or damaged.

    Example:
        >>> from PIL import Image
        >>> folder = Path("birds")
        >>> (folder / "images").mkdir(parents=True)
        >>> Image.new("RGB", (8, 8)).save(folder / "images" / "1.png")
        >>> for name, line in {"images": "1 1.png", "classes": "1 001.Blue_Tit",
        ...                    "image_class_labels": "1 1", "train_test_split": "1 1"}.items():
        ...     _ = (folder / f"{name}.txt").write_text(line)
        >>> birds = read_cub(folder)
        >>> birds.product_names, birds.category_names, birds.split.tolist()
        ({0: 'Blue Tit'}, {0: 'Tit'}, ['train'])
    """
    folder = Path(folder)
    images = _numbered(folder / "images.txt")
    classes = _numbered(folder / "classes.txt")
    class_of = _integers(folder / "image_class_labels.txt", images)
    is_training = _integers(folder / "train_test_split.txt", images)
    for image, number in class_of.items():
        if number not in classes:
            raise DatasetError(
                f"{folder / 'image_class_labels.txt'}: image {image} is of class {number}, "
                f"which classes.txt does not have; {_REMEDY}"
            )
    paths = [folder / "images" / name for name in images.values()]
    _require_files(paths)
    require_complete(folder, len(paths))

    category_names, category_of = _categories(folder, classes)
    seen, attribute_names = _attributes(folder, images) if attributes else (None, ())
    places, part_names = _parts(folder, images) if parts else (None, ())
    product_id = {number: index for index, number in enumerate(sorted(classes))}
    products = [product_id[class_of[image]] for image in images]
    return ImageCollection(
        sources=tuple(paths),
        product_ids=np.array(products, dtype=np.int64),
        category_ids=np.array([category_of[class_of[i]] for i in images], dtype=np.int64),
        split=np.array(["train" if is_training[image] else "test" for image in images]),
        product_names={product_id[n]: _plain_name(name) for n, name in classes.items()},
        category_names=category_names,
        boxes=_boxes(folder / "bounding_boxes.txt", images),
        attributes=seen,
        attribute_names=attribute_names,
        parts=places,
        part_names=part_names,
    )


def _categories(folder: Path, classes: Mapping[int, str]) -> tuple[dict[int, str], dict[int, int]]:
    """Return the categories' names by id, and the category id of each class number."""
    path = folder / "class_genus.txt"
    if path.exists():
        genera = {number: line.partition(" ") for number, line in _numbered(path).items()}
        _require_same_numbers(path, genera, classes)
        name_of = {number: name for number, (_, _, name) in genera.items()}
    else:
        name_of = {number: _plain_name(name).split(" ")[-1] for number, name in classes.items()}
    # By first appearance, which is the order of the genera's own numbers.
    names = list(dict.fromkeys(name_of[number] for number in sorted(classes)))
    category_id = {name: index for index, name in enumerate(names)}
    return dict(enumerate(names)), {n: category_id[name] for n, name in name_of.items()}


def _plain_name(name: str) -> str:
    """Turn ``001.Black_footed_Albatross`` into ``Black footed Albatross``."""
    number, _, rest = name.partition(".")
    return (rest if number.isdigit() else name).replace("_", " ")


def _numbered(path: Path) -> dict[int, str]:
    """Read lines of "<number> <rest>", in their order."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DatasetError(f"{path} is missing: {_REMEDY}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read ({error}): {_REMEDY}") from error
    lines: dict[int, str] = {}
    for position, line in enumerate(text.splitlines(), 1):
        number, _, rest = line.strip().partition(" ")
        if not number:
            continue
        if not number.isdigit() or not rest or int(number) in lines:
            raise DatasetError(
                f'{path}, line {position}: expected "<number> <value>" with a new number, '
                f"found {line!r}; {_REMEDY}"
            )
        lines[int(number)] = rest
    if not lines:
        raise DatasetError(f"{path} is empty: {_REMEDY}")
    return lines


def _integers(path: Path, images: Mapping[int, str]) -> dict[int, int]:
    """Read one integer for each image."""
    lines = _numbered(path)
    _require_same_numbers(path, lines, images)
    for number, value in lines.items():
        if not value.isdigit():
            raise DatasetError(f"{path}: image {number} has {value!r}, not a number; {_REMEDY}")
    return {number: int(value) for number, value in lines.items()}


def _boxes(path: Path, images: Mapping[int, str]) -> np.ndarray | None:
    """Read x, y, width and height of each image, float32 (N, 4)."""
    if not path.exists():
        return None
    lines = _numbered(path)
    _require_same_numbers(path, lines, images)
    try:
        boxes = np.array([lines[image].split() for image in images], dtype=np.float32)
    except ValueError as error:
        raise DatasetError(f"{path}: four numbers a line are expected ({error})") from error
    if boxes.shape[1:] != (4,):
        raise DatasetError(f"{path}: four numbers a line are expected; {_REMEDY}")
    return boxes


def _attributes(folder: Path, images: Mapping[int, str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read which attributes each image shows, bool (N, A), and their names."""
    # The published archive has the names beside its folder, and others have moved them into it.
    usual = folder / "attributes" / "attributes.txt"
    others = (folder / "attributes.txt", folder.parent / "attributes.txt")
    names = _numbered(
        next((path for path in others if path.exists() and not usual.exists()), usual)
    )
    # Image, attribute, whether it is there, certainty, seconds. In the published file a few lines
    # have one number more than that; only the first three are looked at.
    path = folder / "attributes" / "image_attribute_labels.txt"
    return _of_each_pair(path, images, names, columns=3)[..., 0] > 0, tuple(names.values())


def _parts(folder: Path, images: Mapping[int, str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read each part's x, y and whether it can be seen, float32 (N, P, 3), and the names."""
    names = _numbered(folder / "parts" / "parts.txt")
    path = folder / "parts" / "part_locs.txt"
    return _of_each_pair(path, images, names, columns=5), tuple(names.values())


def _of_each_pair(
    path: Path, images: Mapping[int, str], others: Mapping[int, str], columns: int
) -> np.ndarray:
    """Read lines of "<image> <other> <value> ...", in any order: float32 (N, M, columns - 2)."""
    try:
        with warnings.catch_warnings(action="error"):  # a file without lines is only warned of
            table = np.loadtxt(path, dtype=np.float32, usecols=range(columns), ndmin=2)
    except FileNotFoundError as error:
        raise DatasetError(f"{path} is missing: {_REMEDY}") from error
    except (OSError, ValueError, UserWarning) as error:
        raise DatasetError(
            f"{path}: {columns} numbers a line are expected ({error}); {_REMEDY}"
        ) from error
    rows, columns_of = (
        _places(path, table[:, column], numbers) for column, numbers in enumerate((images, others))
    )
    times = np.zeros((len(images), len(others)), dtype=np.int64)
    np.add.at(times, (rows, columns_of), 1)
    if (times != 1).any():
        row, column = np.argwhere(times != 1)[0].tolist()
        raise DatasetError(
            f"{path} has {times[row, column]} lines for image {list(images)[row]} and number "
            f"{list(others)[column]}, and one is expected; {_REMEDY}"
        )
    values = np.empty((*times.shape, columns - 2), dtype=np.float32)
    values[rows, columns_of] = table[:, 2:]
    return values


def _places(path: Path, found: np.ndarray, numbers: Mapping[int, str]) -> np.ndarray:
    """Return the place among ``numbers`` of each number of a column."""
    known = np.array(list(numbers))
    order = known.argsort()
    places = order[np.searchsorted(known, found, sorter=order).clip(max=len(known) - 1)]
    odd = found[known[places] != found]
    if len(odd):
        raise DatasetError(f"{path} has number {odd[0]:g}, unlike the other files; {_REMEDY}")
    return places


def _require_same_numbers(
    path: Path, found: Mapping[int, object], expected: Mapping[int, object]
) -> None:
    odd = sorted(found.keys() ^ expected.keys())
    if odd:
        what = "lacks" if odd[0] in expected else "has"
        raise DatasetError(f"{path} {what} number {odd[0]}, unlike the other files; {_REMEDY}")


def _require_files(paths: list[Path]) -> None:
    present: dict[Path, set[str]] = {}
    for path in paths:
        if path.parent not in present:
            is_there = path.parent.is_dir()
            present[path.parent] = {p.name for p in path.parent.iterdir()} if is_there else set()
        if path.name not in present[path.parent]:
            raise DatasetError(f"{path} is missing, though images.txt lists it; {_REMEDY}")
