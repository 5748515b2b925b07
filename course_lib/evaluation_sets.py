"""Evaluation sets on disk: the KFU course's ``valid_dataset.pickle`` and ``test_dataset.pickle``.

Such a file says which images are queries and which the retrieval set, and the label of each. It is
a pickle of plain data::

    {"query": [(path, label), ...], "retrieval": [(path, label), ...]}

with paths relative to the data set's folder. A pickle can make its reader run any code, so it is
looked through first: anything but dicts, lists, tuples, strings and integers is refused by name
(``plain_pickle``). The slides do not say what the entries are; the other form
that may be meant, ``{"query": {path: label}, ...}``, is read as well.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from course_lib.datasets import DatasetError, ImageCollection
from course_lib.plain_pickle import PlainPickleError, load_plain

_PARTS = ("query", "retrieval")
_REMEDY = "write it with `course data evaluation-sets`"

Label = int | str
"""A product, as the file names it."""


class Entry(NamedTuple):
    """One image of an evaluation set.

    Example:
        >>> Entry("images/001.png", 7)
        Entry(path='images/001.png', label=7)
    """

    path: str
    label: Label


@dataclass(frozen=True)
class EvaluationSet:
    """The images to search with, and the images to search in.

    Attributes:
        query: the images to search with; at least one.
        retrieval: the images to search in; at least one, and none of the queries.

    Paths are relative to the data set's folder, with ``/``; labels are all integers or all strings.

    Raises:
        DatasetError: an entry is not as said above; the message names the first.

    Example:
        >>> found = EvaluationSet((Entry("a.png", 1), Entry("b.png", 2)), (Entry("c.png", 1),))
        >>> found
        <EvaluationSet: 2 queries, 1 to search in>
        >>> found.unanswerable
        1
        >>> found.write("test_dataset.pickle")
        >>> EvaluationSet.read("test_dataset.pickle") == found
        True
    """

    query: tuple[Entry, ...]
    retrieval: tuple[Entry, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        kinds: set[type] = set()
        for part in _PARTS:
            entries = getattr(self, part)
            if not entries:
                raise DatasetError(f'"{part}" is empty; {_REMEDY}')
            for entry in entries:
                _require_inside(entry.path, part)
                if entry.path in seen:
                    raise DatasetError(
                        f'"{part}" has {entry.path} twice, or it is in "query" as well; {_REMEDY}'
                    )
                seen.add(entry.path)
                kinds.add(type(entry.label))
                if isinstance(entry.label, int) and entry.label.bit_length() > 63:
                    raise DatasetError(f'"{part}" has a label of more than 64 bits; {_REMEDY}')
        if len(kinds) > 1:
            raise DatasetError(f"some labels are integers and some strings; {_REMEDY}")

    def __repr__(self) -> str:
        """Show sizes only: a set has thousands of paths."""
        return f"<EvaluationSet: {len(self.query)} queries, {len(self.retrieval)} to search in>"

    @property
    def unanswerable(self) -> int:
        """Number of queries whose label no image of the retrieval set has.

        These queries count as misses in every measure.
        """
        known = {entry.label for entry in self.retrieval}
        return sum(entry.label not in known for entry in self.query)

    @classmethod
    def read(cls, path: str | Path) -> EvaluationSet:
        """Read a file, trusting nothing in it.

        Raises:
            DatasetError: the file is missing, or is no evaluation set; the message says why.
        """
        path = Path(path)
        try:
            found = load_plain(path)
        except FileNotFoundError as error:
            raise DatasetError(f"{path} is missing: {_REMEDY}") from error
        except (OSError, PlainPickleError) as error:
            raise DatasetError(f"{path} cannot be read: {error}; {_REMEDY}") from error
        if not isinstance(found, dict) or set(found) != set(_PARTS):
            what = (
                f"a dict of {sorted(map(str, found))}" if isinstance(found, dict) else _kind(found)
            )
            raise DatasetError(
                f'{path} must hold a dict of "query" and "retrieval", not {what}; {_REMEDY}'
            )
        try:
            return cls(*(_entries(found[part], part) for part in _PARTS))
        except DatasetError as error:
            raise DatasetError(f"{path}: {error}") from error

    def write(self, path: str | Path) -> None:
        """Write the file; equal sets give equal bytes."""
        parts = {
            part: [(str(path), label) for path, label in getattr(self, part)] for part in _PARTS
        }
        content = pickle.dumps(parts, protocol=4)
        Path(path).write_bytes(content)

    def collections(self, root: str | Path) -> tuple[ImageCollection, ImageCollection]:
        """Return the images of queries and retrieval set, with one numbering of products.

        Args:
            root: the folder that the paths are relative to.

        Integer labels are the product ids; strings are numbered in their order. The file does not
        say categories: all images have category 0.

        Raises:
            DatasetError: an image is missing; the message names it.
        """
        root = Path(root)
        labels = sorted({entry.label for part in _PARTS for entry in getattr(self, part)})
        ids = {label: label if isinstance(label, int) else i for i, label in enumerate(labels)}
        names = {ids[label]: str(label) for label in labels}
        query, retrieval = (_collection(getattr(self, part), root, ids, names) for part in _PARTS)
        return query, retrieval

    def select(
        self, collection: ImageCollection, root: str | Path
    ) -> tuple[ImageCollection, ImageCollection]:
        """Return the images of queries and retrieval set, as a collection knows them.

        Unlike :meth:`collections`, they keep the collection's ids, names, categories and boxes.

        Args:
            collection: holds all images of the set.
            root: the folder that the paths are relative to.

        Raises:
            DatasetError: the collection lacks an image; the message names the first.
        """
        root = Path(root)
        places = {source: place for place, source in enumerate(collection.sources)}
        chosen = []
        for part in _PARTS:
            paths = [root / entry.path for entry in getattr(self, part)]
            if missing := [path for path in paths if path not in places]:
                raise DatasetError(
                    f'"{part}" names {missing[0]}, which is no image of the collection: read the '
                    f"data set that the evaluation set was made from"
                )
            chosen.append(collection.subset([places[path] for path in paths]))
        return chosen[0], chosen[1]


def _collection(
    entries: tuple[Entry, ...], root: Path, ids: dict[Label, int], names: dict[int, str]
) -> ImageCollection:
    sources = tuple(root / entry.path for entry in entries)
    for source in sources:
        if not source.is_file():
            raise DatasetError(
                f"{source} is missing: name the folder of the data set that the evaluation set was "
                f"made from, and prepare it again if it has lost images"
            )
    return ImageCollection(
        sources=sources,
        product_ids=np.array([ids[entry.label] for entry in entries], dtype=np.int64),
        category_ids=np.zeros(len(entries), dtype=np.int64),
        split=np.full(len(entries), "test"),
        product_names=names,
        category_names={0: "not stated"},
    )


def _entries(found: Any, part: str) -> tuple[Entry, ...]:
    """Read a part of the file, in either form."""
    if isinstance(found, dict):
        found = list(found.items())
    if not isinstance(found, list | tuple):
        raise DatasetError(f'"{part}" must be a list of (path, label), not {_kind(found)}')
    for position, entry in enumerate(found):
        if (
            not isinstance(entry, list | tuple)
            or len(entry) != 2
            or not isinstance(entry[0], str)
            or not isinstance(entry[1], int | str)
        ):
            raise DatasetError(
                f'entry {position} of "{part}" must be (path, label), a string and an integer or '
                f"string, not {_kind(entry)}"
            )
    return tuple(Entry(path, label) for path, label in found)


def _require_inside(path: str, part: str) -> None:
    """Refuse a path that is not plainly below the data set's folder, on any platform."""
    if (
        not path
        or PurePosixPath(path).is_absolute()
        or PurePosixPath(path).as_posix() != path  # "a//b", "./a", "a/"
        or any(name == ".." for name in path.split("/"))
        or any(character in path for character in "\\:\0")
    ):
        raise DatasetError(
            f'"{part}" names {path!r}: a path must be relative to the folder of the data set, '
            f'with "/", and stay below it'
        )


def _kind(value: Any) -> str:
    if isinstance(value, list | tuple) and len(value) <= 3:
        return f"a {type(value).__name__} of {[type(item).__name__ for item in value]}"
    return f"a {type(value).__name__}"
