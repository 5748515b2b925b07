"""Stanford Online Products: 12 categories, 22634 products, 120053 photos from a market place.

The publisher's split is by product: 11318 are for training and 11316 for testing, and no product is
in both. The lists ``Ebay_train.txt`` and ``Ebay_test.txt`` name image, product and category of each
photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from data_scripts.download import Archive
from data_scripts.preparation import PreparationError
from data_scripts.publication import Count, Publication, put
from data_scripts.unpack import unpack

_NOTICE = """\
Stanford Online Products. https://cvgl.stanford.edu/projects/lifted_struct/
Licence: the publisher states none; the photos were taken from a market place and belong to their
makers. Use it for research and teaching, and do not redistribute it.
Please cite: Oh Song, H., Xiang, Y., Jegelka, S., and Savarese, S. (2016). Deep metric learning via
lifted structured feature embedding. IEEE Conference on Computer Vision and Pattern Recognition.
Split by product, as published: 11318 for training, 11316 for testing.
"""
_SPLITS = {"train": "Ebay_train.txt", "test": "Ebay_test.txt"}
_HEADER = "image_id class_id super_class_id path"


def _build(archives: Sequence[Path], draft: Path, progress: bool) -> None:
    unpacked = draft / "unpacked"
    unpack(archives[0], unpacked, _place, progress=progress)
    for split, name in _SPLITS.items():
        try:
            header, *lines = (unpacked / name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError as error:
            raise PreparationError(f"{archives[0]} lacks {name}: get it again") from error
        if header != _HEADER:
            raise PreparationError(f"{archives[0]}: {name} begins with {header!r}, not {_HEADER!r}")
        for line in lines:
            try:
                _, product, _, path = line.split()
                photo = unpacked / PurePosixPath(path)
                category = photo.parent.name.removesuffix("_final")
                put(photo, draft / "images", split, category, f"{int(product):05d}")
            except (ValueError, FileNotFoundError) as error:
                raise PreparationError(
                    f"{archives[0]}: {name} lists {line!r}, and has no such photo: get it again"
                ) from error


def _place(member: PurePosixPath) -> PurePosixPath | None:
    """Turn ``Stanford_Online_Products/chair_final/1_0.JPG`` into ``chair_final/1_0.JPG``."""
    if member.name.startswith(".") or member.parts[0] == "__MACOSX":
        return None
    inner = member.parts[1:]
    is_list = len(inner) == 1 and inner[0] in _SPLITS.values()
    is_photo = len(inner) == 2 and member.suffix == ".JPG"
    return PurePosixPath(*inner) if is_list or is_photo else None


SOP = Publication(
    name="sop",
    title="Stanford Online Products: 12 categories, 22634 products, 120053 photos.",
    version=1,
    notice=_NOTICE,
    archives=(
        Archive(
            url="http://ftp.cs.stanford.edu/cs/cvgl/Stanford_Online_Products.zip",
            checksum="sha256:b04fa78210e69fab050ce73939550e1cd0f96890bdd98ec9fee732c3b756ef48",
            size=3_083_860_082,
        ),
    ),
    unpacked=3_400_000_000,
    count=Count(
        images=120_053,
        products=22_634,
        categories=12,
        splits={"train": 59_551, "test": 60_502},
    ),
    build=_build,
)
