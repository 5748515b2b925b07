"""Data sets that others published: downloaded, unpacked, sorted by split, and counted.

Each published data set has a module of its own, with its notice, its archives, the numbers that it
must have, and the function that puts its files in place. This module has what all of them share.
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
"""A function of the archives, the folder to put their files into, and whether to show progress."""


@dataclass(frozen=True)
class Count:
    """The numbers that a data set must have; None for a number that is not known beforehand.

    Attributes:
        images: number of images.
        products: number of products.
        categories: number of categories.
        splits: number of images of each split.
        names_sha256: SHA-256 of the images' names, sorted, in a line each. Names are relative to
            ``images`` and have ``/``.
    """

    images: int
    products: int
    categories: int | None
    splits: Mapping[str, int]
    names_sha256: str | None = None

    @staticmethod
    def of(collection: ImageCollection, images: Path) -> Count:
        """Count a data set on disk."""
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
        """List in words what is different in another count."""
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
    """Read ``images/<split>/<category>/<product>/<image>`` of an unfinished data set."""
    return read_folders(folder / "images")


@dataclass(frozen=True)
class Publication:
    """A published data set.

    Attributes:
        name: name of the command, and of the folder below ``data``.
        title: a line for the command's help.
        version: a number that is raised when the same archives give other files.
        notice: licence, citation and split, printed before anything is downloaded.
        archives: what to download.
        unpacked: bytes on disk, about.
        count: the numbers that the data set must have.
        build: the function that puts the files in place.
        instead: other files with the same content, accepted where the user brings them.
        contents: what the finished folder has at its top level beside the notice.
        read: the reader of the finished data set, used to count it.
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
    """Put a published data set into ``folder``, and count it.

    A data set that is finished already is left unchanged.

    Args:
        publication: the data set.
        folder: the data set's folder.
        source: the archive, or the folder that holds it; None downloads the archive into
            ``archives`` beside ``folder``.
        progress: show progress bars.

    Returns:
        The folder.

    Raises:
        PreparationError: an archive cannot be had, is damaged or is not as published, the disk is
            full, or the folder holds something else; the message names the file and what to do.
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

    Raises:
        ValueError: the path leads out of the archive; lists in an archive name paths, too.
        FileNotFoundError: there is no such picture.
    """
    if ".." in path.parts or images.parent not in path.parents:
        raise ValueError(f"{path} leads out of the archive")
    place = images / split / _folder_name(category) / _folder_name(product) / path.name
    place.parent.mkdir(parents=True, exist_ok=True)
    path.rename(place)


def _brought(publication: Publication, source: Path) -> list[Path]:
    """Return the archives that the user names, in either form."""
    folder = source if source.is_dir() else source.parent
    names = [archive.name for archive in publication.instead]
    are_there = bool(names) and all((folder / name).exists() for name in names)
    if are_there and (source.name in names or source.is_dir()):
        return [verified(archive, folder) for archive in publication.instead]
    return [verified(archive, source) for archive in publication.archives]


def _folder_name(name: str) -> str:
    """Turn a label into a folder's name that every platform allows: ``F-A-18`` for ``F/A-18``."""
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
