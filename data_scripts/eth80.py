"""ETH-80: 8 categories of 10 objects (products), each photographed from 41 sides (images).

The public copy has a folder a category (1 to 8) and in it a folder an object (1 to 10). A file,
``car11-022-090.png``, is named after its category, the object's number, and the camera's two angles
in degrees. For cars the numbers of folders and files differ: car11, car12 and car14 lie in folders
4, 8 and 10. Here the file's number names the object. The masks, in ``maps``, are left out.

Split by object, in the order of their numbers: of each category the first 6 for training, the next
2 for validation, the last 2 for testing (16 objects, 656 photos).
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from data_scripts.download import Archive, fetch, verified
from data_scripts.preparation import PreparationError, is_prepared, preparation, require_space
from data_scripts.unpack import Listing, unpack

VERSION = 1
"""Raise it whenever the same archive gives other files."""

NOTICE = """\
ETH-80, from the public copy https://github.com/Kai-Xuan/ETH-80 (commit 9243466).
Licence: that copy states none. Use it for teaching and research, and do not redistribute it.
Please cite: Leibe, B., and Schiele, B. (2003). Analyzing appearance and contour based methods for
object categorization. IEEE Conference on Computer Vision and Pattern Recognition, II-409-415.
Split by object: of each category 6 for training, 2 for validation, 2 for testing.
"""

ARCHIVE = Archive(
    url="https://github.com/Kai-Xuan/ETH-80/archive/refs/heads/master.zip",
    checksum=None,  # packed by GitHub when asked for: not always byte for byte the same
    size=250_000_000,
    saved_as="ETH-80-master.zip",
)
PUBLISHED = Listing(
    files=3280, sha256="b50af3e214145f99d481733d931d38ed82eefcb0112696cc1abf60f160571a2a"
)
"""The pictures as ``<category>/<object>/<file>``, taken from the copy of that commit."""

_CONTENTS = ("images", "NOTICE.txt")
_VIEW = re.compile(r"([a-z]+)(\d{1,2})-\d{3}-\d{3}\.png")


def make_eth80(
    folder: str | Path = "data/eth80",
    *,
    source: str | Path | None = None,
    progress: bool = False,
    archive: Archive = ARCHIVE,
    published: Listing = PUBLISHED,
) -> Path:
    """Put the photos into ``folder`` as ``images/<split>/<category>/<object>/<view>.png``.

    The archive is downloaded into the folder ``archives`` beside it, or taken from ``source``, a
    file or the folder that it is in. Returns the folder; one that is already finished is left
    alone. Raises ``PreparationError`` naming the file and what to do about it.
    """
    folder = Path(folder)
    identity = {"data_set": "eth80", "version": VERSION}
    if is_prepared(folder, identity):
        return folder
    require_space(folder, archive.size)
    path = (
        verified(archive, Path(source))
        if source is not None
        else fetch(archive, folder.resolve().parent / "archives", progress=progress)
    )
    with preparation(folder, identity, _CONTENTS) as draft:
        unpack(path, draft / "all", _place, progress=progress)
        published.require(draft / "all", path)
        _split(draft / "all", draft / "images")
        (draft / "NOTICE.txt").write_text(NOTICE, encoding="utf-8")
    return folder


def _place(member: PurePosixPath) -> PurePosixPath | None:
    """``ETH-80-master/2/4/car11-022-090.png`` -> ``car/car11/car11-022-090.png``."""
    view = _VIEW.fullmatch(member.name)
    if view is None or len(member.parts) != 4:
        return None
    category, number = view[1], int(view[2])
    return PurePosixPath(category, f"{category}{number:02d}", member.name)


def _split(unpacked: Path, images: Path) -> None:
    """Move each object's folder below its split."""
    for category in sorted(unpacked.iterdir()):
        objects = sorted(category.iterdir())  # by number, which has two digits
        if len(objects) != 10:
            raise PreparationError(f"{category.name} has {len(objects)} objects, not 10")
        for rank, photos in enumerate(objects, 1):
            split = "train" if rank <= 6 else "validation" if rank <= 8 else "test"
            place = images / split / category.name / photos.name
            place.parent.mkdir(parents=True, exist_ok=True)
            photos.rename(place)
        category.rmdir()
    unpacked.rmdir()
