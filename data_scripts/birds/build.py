"""The data set of birds, rendered onto disk."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from data_scripts.birds.anatomy import draw_puppet
from data_scripts.birds.cub import CONTENTS, CubWriter
from data_scripts.birds.draws import Draws
from data_scripts.birds.placement import placement, placement_table
from data_scripts.birds.render import Studio
from data_scripts.birds.species import Genus, field_guide
from data_scripts.preparation import is_prepared, preparation, require_space

VERSION = 1
"""Raise it whenever the same parameters give other pictures or files."""

_BYTES_PER_PIXEL = 0.5  # of a JPEG, generously
_BYTES_OF_METADATA = 1900  # a photo, most of them attribute labels
_DISK_BLOCK = 4096


def make_birds(
    folder: str | Path = "data/birds",
    *,
    genera: int = 12,
    species: int = 10,
    photos: int = 30,
    size: int = 96,
    seed: int = 0,
    progress: bool = False,
) -> Path:
    """Render the pictures of a field guide into ``folder``.

    A folder that holds the finished data set of these parameters is left unchanged. A data set of
    other parameters, or an unfinished data set, is replaced (see ``preparation``). The layout is
    that of CUB-200-2011. Half of each species's photos are for training.

    Args:
        folder: the data set's folder.
        genera: number of genera.
        species: number of species in each genus.
        photos: number of photos of each species.
        size: side of a photo in pixels.
        seed: seed of the field guide and of all photos.
        progress: show a progress bar.

    Returns:
        The folder.

    Raises:
        ValueError: a number is out of range.
        PreparationError: the folder holds something else, or the disk is full.
    """
    if photos < 1:
        raise ValueError(f"photos must be at least 1, not {photos}")
    folder = Path(folder)
    guide = field_guide(genera, species, seed)
    tables = [[placement_table(seed, g, s, photos) for s in range(species)] for g in range(genera)]
    identity = {
        "data_set": "birds",
        "version": VERSION,
        "parameters": {
            "genera": genera,
            "species": species,
            "photos": photos,
            "size": size,
            "seed": seed,
        },
        "tables_sha256": tables_hash(guide, tables),
    }
    if is_prepared(folder, identity):
        return folder
    total = genera * species * photos
    picture = _DISK_BLOCK + int(size * size * _BYTES_PER_PIXEL)
    require_space(folder, total * (picture + _BYTES_OF_METADATA))
    studio = Studio(size, seed)
    with (
        preparation(folder, identity, CONTENTS) as draft,
        tqdm(total=total, desc="birds", unit="photo", disable=not progress) as bar,
    ):
        writer = CubWriter(draft, guide)
        for g, genus in enumerate(guide):
            for s, kind in enumerate(genus.species):
                puppet = draw_puppet(genus.build, kind.plumage)
                training = _training_photos(seed, g, s, photos)
                for number, row in enumerate(tables[g][s]):
                    photo = studio.photograph(puppet, kind.plumage, placement(row))
                    writer.add(g * species + s, number, photo, number in training)
                bar.update(photos)
        writer.close()
    return folder


def tables_hash(guide: Sequence[Genus], tables: Sequence[Sequence[np.ndarray]]) -> str:
    """Compute the SHA-256 of the attribute and placement tables, the same on every platform."""
    digest = hashlib.sha256()
    described: list[dict[str, Any]] = [dataclasses.asdict(genus) for genus in guide]
    digest.update(json.dumps(described, sort_keys=True).encode())
    for genus_tables in tables:
        for table in genus_tables:
            digest.update(table.astype("<f8").tobytes())
    return digest.hexdigest()


def _training_photos(seed: int, genus: int, species: int, photos: int) -> set[int]:
    shuffled = Draws(seed, "split", genus, species).shuffled(range(photos))
    return set(shuffled[: (photos + 1) // 2])
