"""A larger field guide, and how assignment 04 divides its species.

The twelve genera have 30 species each instead of ten. So few photos of a genus are of the species
that is sought, and the retrieval set has only two photos of each species. With the usual birds the
five nearest photos nearly always hold the right species: top-5 accuracy could not tell networks
apart.
"""

from __future__ import annotations

from pathlib import Path

from course_lib.datasets import ImageCollection, read_cub
from course_lib.evaluation_sets import Entry, EvaluationSet
from data_scripts.birds.build import make_birds

SPECIES, PHOTOS = 30, 12
TRAIN, VALID, TEST = range(10), range(10, 20), range(20, 30)
"""Places of the species of each genus in the three parts: no product is in two parts."""
SEARCHED_IN = 2
"""Photos of each species in the retrieval set; the others are queries."""


def make_many_birds(
    folder: str | Path = "data/many-birds",
    *,
    evaluation: str | Path | None = None,
    genera: int = 12,
    photos: int = PHOTOS,
    size: int = 96,
    progress: bool = False,
) -> Path:
    """Render the larger guide, and write ``valid_dataset.pickle`` and ``test_dataset.pickle``.

    Args:
        folder: folder of the photos; photos that are finished already are left unchanged.
        evaluation: folder of the two files; None for ``evaluation/NAME`` beside ``folder``. The
            files are written each time, with the same bytes. Paths in them are relative to
            ``folder``.
        genera: number of genera.
        photos: number of photos of each species.
        size: side of a photo in pixels.
        progress: show a progress bar.

    Returns:
        The folder of the two files.

    Raises:
        PreparationError: ``folder`` holds something else, or the disk is full.
    """
    folder = Path(folder)
    evaluation = Path(evaluation or folder.parent / "evaluation" / folder.name)
    make_birds(folder, genera=genera, species=SPECIES, photos=photos, size=size, progress=progress)
    guide = read_cub(folder)
    evaluation.mkdir(parents=True, exist_ok=True)
    for part, species in (("valid", VALID), ("test", TEST)):
        made = evaluation_set(of_species(guide, species), folder)
        made.write(evaluation / f"{part}_dataset.pickle")
    return evaluation


def of_species(guide: ImageCollection, places: range) -> ImageCollection:
    """Return the photos of the species that have these places in their genus."""
    place = guide.product_ids % SPECIES
    return guide.subset((places.start <= place) & (place < places.stop))


def evaluation_set(photos: ImageCollection, folder: Path) -> EvaluationSet:
    """Divide photos: the first two of each species are searched in, the others are queries."""
    query: list[Entry] = []
    retrieval: list[Entry] = []
    seen: dict[int, int] = {}
    for source, product in zip(photos.sources, photos.product_ids.tolist(), strict=True):
        assert isinstance(source, Path)
        seen[product] = seen.get(product, 0) + 1
        part = retrieval if seen[product] <= SEARCHED_IN else query
        part.append(Entry(source.relative_to(folder).as_posix(), product))
    return EvaluationSet(tuple(query), tuple(retrieval))
