"""CUB-200-2011: 200 species of birds (products), 11788 photos, with parts, boxes and attributes.

The published files stay unchanged; ``course_lib.datasets.read_cub`` reads them. Only the list of
the attributes' names moves: it lies beside the published folder, and goes into ``attributes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from course_lib.datasets import read_cub
from data_scripts.download import Archive
from data_scripts.publication import Count, Publication
from data_scripts.unpack import unpack

_NOTICE = """\
Caltech-UCSD Birds-200-2011. https://data.caltech.edu/records/65de6-vp158
Licence: none is stated for the photos, which belong to their makers; the publisher asks to use the
set for non-commercial research and education only.
Please cite: Wah, C., Branson, S., Welinder, P., Perona, P., and Belongie, S. (2011). The
Caltech-UCSD Birds-200-2011 Dataset. Technical Report CNS-TR-2011-001, California Institute of
Technology.
Split by photo, as published: 5994 for training, 5794 for testing, of the same 200 species. Metric
learning splits by species instead, the first 100 and the last 100.
"""
_FOLDER = "CUB_200_2011"
_CONTENTS = (
    "images",
    "parts",
    "attributes",
    "README",
    "images.txt",
    "image_class_labels.txt",
    "train_test_split.txt",
    "bounding_boxes.txt",
    "classes.txt",
)


def _build(archives: Sequence[Path], draft: Path, progress: bool) -> None:
    unpack(archives[0], draft, _place, progress=progress)


def _place(member: PurePosixPath) -> PurePosixPath | None:
    if member == PurePosixPath("attributes.txt"):
        return PurePosixPath("attributes/attributes.txt")
    if member.parts[0] != _FOLDER or member.name.startswith(".") or len(member.parts) < 2:
        return None
    inner = PurePosixPath(*member.parts[1:])
    return inner if inner.parts[0] in _CONTENTS else None


CUB200 = Publication(
    name="cub200",
    title="CUB-200-2011: 200 species of birds, 11788 photos with parts and attributes.",
    version=1,
    notice=_NOTICE,
    archives=(
        Archive(
            url="https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz",
            checksum="sha256:0c685df5597a8b24909f6a7c9db6d11e008733779a671760afef78feb49bf081",
            size=1_150_585_339,
        ),
    ),
    unpacked=1_300_000_000,
    contents=_CONTENTS,
    count=Count(
        images=11_788,
        products=200,
        categories=None,
        splits={"train": 5_994, "test": 5_794},
    ),
    build=_build,
    read=read_cub,
)
