"""New photos of the field guide's species, in memory: no data set on disk holds them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_lib.datasets import ImageCollection
from data_scripts.birds.anatomy import draw_puppet
from data_scripts.birds.placement import placement, placement_table
from data_scripts.birds.render import Studio
from data_scripts.birds.species import field_guide


def fresh_photos(
    photo_seed: int,
    *,
    photos: int,
    genera: int = 12,
    species: int = 10,
    chosen: Iterable[int] | None = None,
    size: int = 96,
    seed: int = 0,
) -> ImageCollection:
    """Take new photos of the species that ``make_birds`` draws.

    The species come from ``seed``. Poses, perches, backgrounds and light come from ``photo_seed``
    alone: they differ from those of any other ``photo_seed``, and from those of a data set on disk.

    Args:
        photo_seed: >= 0; keep it secret where the photos are secret.
        photos: number of photos of each species, >= 1.
        genera, species, seed: of the guide, as for ``make_birds``.
        chosen: places, from 0, of the species of each genus that are photographed; None for all.
        size: side of the pictures in pixels.

    Returns:
        The photos, genus by genus and species by species, with boxes. Their ids are those that a
        reader of ``make_birds``'s files gives the same species. All are in the split ``"test"``.

    Raises:
        ValueError: a number is out of range.
    """
    if photos < 1:
        raise ValueError(f"photos must be at least 1, not {photos}")
    guide = field_guide(genera, species, seed)
    places = range(species) if chosen is None else sorted(set(chosen))
    if not all(0 <= place < species for place in places):
        raise ValueError(f"chosen must be places from 0 to {species - 1}, not {list(places)}")
    studio = Studio(size, photo_seed)
    taken, products, categories = [], [], []
    for g, genus in enumerate(guide):
        for s in places:
            plumage = genus.species[s].plumage
            puppet = draw_puppet(genus.build, plumage)
            for row in placement_table(photo_seed, g, s, photos):
                taken.append(studio.photograph(puppet, plumage, placement(row)))
                products.append(g * species + s)
                categories.append(g)
    return ImageCollection(
        tuple(photo.picture for photo in taken),
        np.array(products),
        np.array(categories),
        np.full(len(taken), "test"),
        {g * species + s: guide[g].species[s].name for g in range(genera) for s in places},
        {g: genus.name for g, genus in enumerate(guide)},
        np.array([photo.box for photo in taken], dtype=np.float32),
    )
