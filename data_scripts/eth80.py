"""ETH-80: 8 categories of 10 objects (products), each photographed from 41 sides (images).

The public copy has folders for the categories (1 to 8) and in each of them folders for the objects
(1 to 10). A file's name, such as ``car11-022-090.png``, gives category, number of the object, and
the camera's two angles in degrees. For three cars the numbers of folder and file differ: car11,
car12 and car14 lie in folders 4, 8 and 10. The file's number is used here. The masks, in ``maps``,
are left out.

Split by object, in the order of their numbers: of each category the first 6 objects are for
training, the next 2 for validation, and the last 2 for testing (16 objects, 656 photos).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from data_scripts.download import Archive
from data_scripts.preparation import PreparationError
from data_scripts.publication import Count, Publication, prepare, put
from data_scripts.unpack import unpack

_NOTICE = """\
ETH-80, from the public copy https://github.com/Kai-Xuan/ETH-80 (commit 9243466).
Licence: that copy states none. Use it for teaching and research, and do not redistribute it.
Please cite: Leibe, B., and Schiele, B. (2003). Analyzing appearance and contour based methods for
object categorization. IEEE Conference on Computer Vision and Pattern Recognition, II-409-415.
Split by object: of each category 6 for training, 2 for validation, 2 for testing.
"""
_VIEW = re.compile(r"([a-z]+)(\d{1,2})-\d{3}-\d{3}\.png")


def _build(archives: Sequence[Path], draft: Path, progress: bool) -> None:
    unpacked = draft / "unpacked"
    unpack(archives[0], unpacked, _place, progress=progress)
    for category in sorted(unpacked.iterdir()):
        objects = sorted(category.iterdir())  # by number, which has two digits
        if len(objects) != 10:
            raise PreparationError(
                f"{archives[0]}: {category.name} has {len(objects)} objects, not 10: get it again"
            )
        for rank, photos in enumerate(objects, 1):
            split = "train" if rank <= 6 else "validation" if rank <= 8 else "test"
            for photo in photos.iterdir():
                put(photo, draft / "images", split, category.name, photos.name)


def _place(member: PurePosixPath) -> PurePosixPath | None:
    """Turn ``ETH-80-master/2/4/car11-022-090.png`` into ``car/car11/car11-022-090.png``."""
    view = _VIEW.fullmatch(member.name)
    if view is None or len(member.parts) != 4:
        return None
    category, number = view[1], int(view[2])
    return PurePosixPath(category, f"{category}{number:02d}", member.name)


ETH80 = Publication(
    name="eth80",
    title="ETH-80: 8 categories, 80 objects, 41 views each.",
    version=1,
    notice=_NOTICE,
    archives=(
        Archive(
            url="https://github.com/Kai-Xuan/ETH-80/archive/refs/heads/master.zip",
            checksum=None,  # packed by GitHub when asked for: not always byte for byte the same
            size=250_000_000,
            saved_as="ETH-80-master.zip",
        ),
    ),
    unpacked=250_000_000,
    count=Count(
        images=3280,
        products=80,
        categories=8,
        splits={"train": 1968, "validation": 656, "test": 656},
        # The names in that commit.
        names_sha256="bcfd5a48f951b563e51d6efe1540b9c79fc40209288ad8ab6dca714bb9e5dec1",
    ),
    build=_build,
)


def make_eth80(
    folder: str | Path = "data/eth80",
    *,
    source: str | Path | None = None,
    progress: bool = False,
) -> Path:
    """Prepare ETH-80 in ``folder``; see :func:`data_scripts.publication.prepare`."""
    return prepare(ETH80, folder, source=source, progress=progress)
