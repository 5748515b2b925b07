"""Cars196: 196 models of cars (products) of about 50 makes (categories), 16185 photos.

Split by model, as metric learning does: the first 98 models are for training, the last 98 for
testing. The addresses that the publisher gave are gone. The same university still offers an archive
of photos and labels, ``CARS196.zip``, but states no checksum. ``--from`` also takes a folder with
the two files whose MD5 other loaders know, ``car_ims.tgz`` and ``cars_annos.mat``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from data_scripts.download import Archive
from data_scripts.preparation import PreparationError
from data_scripts.publication import Count, Publication, put
from data_scripts.unpack import unpack

_NOTICE = """\
Cars196 (Stanford Cars).
Licence: the publisher states none; its models and photos are for research and teaching. Do not
redistribute it.
Please cite: Krause, J., Stark, M., Deng, J., and Fei-Fei, L. (2013). 3D object representations for
fine-grained categorization. IEEE Workshop on 3D Representation and Recognition, Sydney.
Split by model, as in metric learning: the first 98 for training, the last 98 for testing.
"""
_LABELS = "cars_annos.mat"
_PHOTO = re.compile(r"\d{6}\.jpg")
_TRAINING = 98  # models
_MAKES_OF_TWO_WORDS = ("AM General", "Aston Martin", "Land Rover")


def _build(archives: Sequence[Path], draft: Path, progress: bool) -> None:
    unpacked = draft / "unpacked"
    for archive in archives:
        if archive.suffix == ".mat":
            unpacked.mkdir(exist_ok=True)
            (unpacked / _LABELS).write_bytes(archive.read_bytes())
        else:
            unpack(archive, unpacked, _place, progress=progress)
    for photo, number, model in _labels(unpacked / _LABELS, archives[0]):
        split = "train" if number <= _TRAINING else "test"
        try:
            put(unpacked / photo, draft / "images", split, _make(model), model)
        except FileNotFoundError as error:
            raise PreparationError(
                f"{archives[0]}: {photo} is in {_LABELS}, and there is no such photo: get it again"
            ) from error


def _labels(path: Path, archive: Path) -> list[tuple[str, int, str]]:
    """Return the file, the number of the model (from 1) and the model's name, for each photo."""
    # Here, since only this set has MATLAB's tables.
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if not path.is_file():
        raise PreparationError(f"{archive} lacks {_LABELS}: get it again")
    try:
        tables = loadmat(path, squeeze_me=True)
        models = [str(name) for name in tables["class_names"]]
        return [
            (PurePosixPath(str(row["relative_im_path"])).name, number, models[number - 1])
            for row in tables["annotations"]
            for number in [int(row["class"])]
        ]
    except (MatReadError, ValueError, LookupError, TypeError, NotImplementedError) as error:
        raise PreparationError(
            f"{archive}: {_LABELS} is not as published ({error}): get it again"
        ) from error


def _make(model: str) -> str:
    """Turn ``Audi TTS Coupe 2012`` into ``Audi``."""
    two = next((make for make in _MAKES_OF_TWO_WORDS if model.startswith(make)), None)
    return two or model.split(" ")[0]


def _place(member: PurePosixPath) -> PurePosixPath | None:
    if member.name == _LABELS:
        return PurePosixPath(_LABELS)
    is_photo = member.parent.name == "car_ims" and _PHOTO.fullmatch(member.name)
    return PurePosixPath(member.name) if is_photo else None


CARS196 = Publication(
    name="cars196",
    title="Cars196: 196 models of cars, 16185 photos.",
    version=1,
    notice=_NOTICE,
    archives=(
        Archive(
            url="http://ftp.cs.stanford.edu/cs/cvgl/CARS196.zip", checksum=None, size=2_000_000_000
        ),
    ),
    instead=(
        Archive(
            url="http://ai.stanford.edu/~jkrause/car196/car_ims.tgz",
            checksum="md5:d5c8f0aa497503f355e17dc7886c3f14",
            size=1_956_628_579,
        ),
        Archive(
            url="http://ai.stanford.edu/~jkrause/car196/cars_annos.mat",
            checksum="md5:b407c6086d669747186bd1d764ff9dbc",
            size=394_471,
        ),
    ),
    unpacked=2_000_000_000,
    count=Count(
        images=16_185,
        products=196,
        categories=None,
        splits={"train": 8_054, "test": 8_131},
    ),
    build=_build,
)
