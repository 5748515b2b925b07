"""A data set that others published: fetched or brought, unpacked, sorted by split, and counted.

What is particular to each lies in its own module: the notice, the archives, what it must consist
of, and how its files are put in place. The rest is here, once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.datasets import DatasetError, ImageCollection, read_folders
from data_scripts.download import Archive, fetch, verified
from data_scripts.preparation import PreparationError, is_prepared, preparation, require_space

NOTICE = "NOTICE.txt"

Build = Callable[[Sequence[Path], Path, bool], None]
"""Puts the archives' files below a folder; the last argument is whether to show progress."""


@dataclass(frozen=True)
class Count:
    """What a data set must consist of; None where that is not known beforehand.

    Attributes:
        images: their number.
        products: their number.
        categories: their number.
        splits: number of images of each split.
        names_sha256: of the images' sorted names, relative to ``images`` and with ``/``, a line
            each.
    """

    images: int
    products: int
    categories: int | None
    splits: Mapping[str, int]
    names_sha256: str | None = None

    @staticmethod
    def of(collection: ImageCollection, images: Path) -> Count:
        """The count of a data set on disk."""
        names = sorted(
            path.relative_to(images).as_posix()
            for path in collection.sources
            if isinstance(path, Path)
        )
        splits, numbers = np.unique(collection.split, return_counts=True)
        return Count(
            images=len(collection),
            products=len(np.unique(collection.product_ids)),
            categories=len(np.unique(collection.category_ids)),
            splits=dict(zip(splits.tolist(), numbers.tolist(), strict=True)),
            names_sha256=hashlib.sha256(
                "".join(f"{name}\n" for name in names).encode()
            ).hexdigest(),
        )

    def differences(self, found: Count) -> list[str]:
        """What is otherwise than in this count, a phrase each."""
        return [
            f"{getattr(found, what)} {words}, not {getattr(self, what)}"
            for what, words in (
                ("images", "images"),
                ("products", "products"),
                ("categories", "categories"),
                ("splits", "by split"),
                ("names_sha256", "as the SHA-256 of the images' names"),
            )
            if getattr(self, what) is not None and getattr(found, what) != getattr(self, what)
        ]


def read_sorted(folder: Path) -> ImageCollection:
    """Read ``images/<split>/<category>/<product>/<image>`` before the set is finished."""
    return read_folders(folder / "images")


@dataclass(frozen=True)
class Publication:
    """A published data set.

    Attributes:
        name: the command's and, below ``data``, the folder's.
        title: a line for the command's help.
        version: raised whenever the same archives give other files.
        notice: licence, citation and split, printed before anything is fetched.
        archives: what to fetch.
        unpacked: bytes on disk, about.
        instead: files with the same content, taken where the user brings them.
        contents: what the finished folder has at its top level beside the notice.
        count: what it must consist of.
        build: puts the files in place.
        read: the reader that gives what is counted.
    """

    name: str
    title: str
    version: int
    notice: str
    archives: tuple[Archive, ...]
    unpacked: int
    count: Count
    build: Build
    instead: tuple[Archive, ...] = ()
    contents: tuple[str, ...] = ("images",)
    read: Callable[[Path], ImageCollection] = read_sorted


def prepare(
    publication: Publication,
    folder: str | Path,
    *,
    source: str | Path | None = None,
    progress: bool = False,
) -> Path:
    """Put the data set into ``folder``, and count it.

    The archives are downloaded into the folder ``archives`` beside it, or taken from ``source``:
    the archive itself, or the folder that it is in. Returns the folder; one that is already
    finished is left alone. Raises ``PreparationError`` naming the file and what to do about it.
    """
    folder = Path(folder)
    identity = {"data_set": publication.name, "version": publication.version}
    if is_prepared(folder, identity):
        return folder
    require_space(folder, publication.unpacked)
    if source is not None:
        paths = _brought(publication, Path(source))
    else:
        archives = folder.resolve().parent / "archives"
        paths = [fetch(one, archives, progress=progress) for one in publication.archives]
    with preparation(folder, identity, (*publication.contents, NOTICE)) as draft:
        publication.build(paths, draft, progress)
        _require_as_published(publication, draft, paths)
        (draft / NOTICE).write_text(publication.notice, encoding="utf-8")
    return folder


def put(path: Path, images: Path, split: str, category: str, product: str) -> None:
    """Move an unpacked picture to ``<split>/<category>/<product>/`` below ``images``.

    Raises ``ValueError`` for a path that a list in the archive made lead elsewhere, and
    ``FileNotFoundError``.
    """
    if ".." in path.parts or images.parent not in path.parents:
        raise ValueError(f"{path} leads out of the archive")
    place = images / split / _folder_name(category) / _folder_name(product) / path.name
    place.parent.mkdir(parents=True, exist_ok=True)
    path.rename(place)


def _brought(publication: Publication, source: Path) -> list[Path]:
    """The archives that the user names, in either form."""
    folder = source if source.is_dir() else source.parent
    names = [archive.name for archive in publication.instead]
    are_there = bool(names) and all((folder / name).exists() for name in names)
    if are_there and (source.name in names or source.is_dir()):
        return [verified(archive, folder) for archive in publication.instead]
    return [verified(archive, source) for archive in publication.archives]


def _folder_name(name: str) -> str:
    """A label as the name of a folder, on any platform: ``F/A-18`` -> ``F-A-18``."""
    return "".join("-" if character in '<>:"/\\|?*' else character for character in name).strip(
        ". "
    )


def _require_as_published(publication: Publication, draft: Path, paths: Sequence[Path]) -> None:
    archives = ", ".join(map(str, paths))
    try:
        found = Count.of(publication.read(draft), draft / "images")
    except DatasetError as error:
        reason = str(error).replace(f"{draft}/", "").partition(";")[0]
        raise PreparationError(
            f"{archives}: not as published: {reason}. Get it again from "
            f"{publication.archives[0].url}"
        ) from error
    differences = publication.count.differences(found)
    if differences:
        raise PreparationError(
            f"{archives}: not as published, but another version or not whole; it gave "
            f"{'; '.join(differences)}. Get it again from {publication.archives[0].url}"
        )
