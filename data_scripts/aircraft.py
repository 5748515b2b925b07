"""FGVC-Aircraft (2013b): 30 manufacturers (categories), 100 variants (products), 10000 photos.

The publisher's split is by photo: every variant is in all three parts. torchvision can download the
data set, too (``torchvision.datasets.FGVCAircraft``), but knows neither its checksum nor how to
resume. So this module fetches and unpacks the archive itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from data_scripts.download import Archive
from data_scripts.preparation import PreparationError
from data_scripts.publication import Count, Publication, put
from data_scripts.unpack import unpack

_NOTICE = """\
FGVC-Aircraft, 2013b. https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/
Licence: for non-commercial research only; the photographers named on that page keep their rights.
Please cite: Maji, S., Kannala, J., Rahtu, E., Blaschko, M., and Vedaldi, A. (2013). Fine-grained
visual classification of aircraft. arXiv:1306.5151.
Split by photo, as published: 3334 for training, 3333 for validation, 3333 for testing, of the same
100 variants. The lowest 20 pixels of a photo are a banner with its photographer's name.
"""
_SPLITS = {"train": "train", "validation": "val", "test": "test"}
_LISTS = frozenset(
    f"images_{level}_{part}.txt"
    for level in ("variant", "manufacturer")
    for part in _SPLITS.values()
)


def _build(archives: Sequence[Path], draft: Path, progress: bool) -> None:
    unpacked = draft / "unpacked"
    unpack(archives[0], unpacked, _place, progress=progress)
    for split, part in _SPLITS.items():
        variants = _labels(unpacked / f"images_variant_{part}.txt", archives[0])
        manufacturers = _labels(unpacked / f"images_manufacturer_{part}.txt", archives[0])
        for image, variant in variants.items():
            photo = unpacked / "images" / f"{image}.jpg"
            try:
                put(photo, draft / "images", split, manufacturers[image], variant)
            except (KeyError, FileNotFoundError) as error:
                raise PreparationError(
                    f"{archives[0]}: image {image} is listed, and has no photo or no manufacturer: "
                    f"get it again"
                ) from error


def _labels(path: Path, archive: Path) -> dict[str, str]:
    """Read lines of "<image> <label>"; labels may have spaces."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise PreparationError(f"{archive} lacks {path.name}: get it again") from error
    return {image: label for image, _, label in (line.partition(" ") for line in lines) if label}


def _place(member: PurePosixPath) -> PurePosixPath | None:
    """Turn ``fgvc-aircraft-2013b/data/images/0034309.jpg`` into ``images/0034309.jpg``."""
    inner = member.parts[2:]
    is_photo = len(inner) == 2 and inner[0] == "images" and member.suffix == ".jpg"
    is_list = len(inner) == 1 and member.name in _LISTS
    return PurePosixPath(*inner) if is_photo or is_list else None


AIRCRAFT = Publication(
    name="aircraft",
    title="FGVC-Aircraft: 30 manufacturers, 100 variants, 10000 photos.",
    version=1,
    notice=_NOTICE,
    archives=(
        Archive(
            url="https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz",
            checksum="sha256:e4e323d410e29f0370c81eabdcbb0e2b813acea1de22891b70b58ff41bfc9834",
            size=2_753_340_328,
        ),
    ),
    unpacked=2_900_000_000,
    count=Count(
        images=10_000,
        products=100,
        categories=30,
        splits={"train": 3_334, "validation": 3_333, "test": 3_333},
    ),
    build=_build,
)
