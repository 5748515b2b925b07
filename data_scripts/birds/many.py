"""A larger field guide, and what assignment 04 does with its species.

Twelve genera have 30 species instead of ten, so that few photos of a genus are of the species that
is sought; and only two photos of a species are searched in. With the usual birds the five nearest
nearly always hold one of the right species: top-5 accuracy could not tell networks apart.
"""

from __future__ import annotations

from pathlib import Path

from course_lib.datasets import ImageCollection, read_cub
from course_lib.evaluation_sets import Entry, EvaluationSet
from data_scripts.birds.build import make_birds

SPECIES, PHOTOS = 30, 12
TRAIN, VALID, TEST = range(10), range(10, 20), range(20, 30)
"""Which species of each genus, by their places: no product is in two of the three."""
SEARCHED_IN = 2
"""Photos of each species in the retrieval set; the others are queries."""


def make_many_birds(
    folder: str | Path = "data/many-birds",
    *,
    evaluation: str | Path | None = None,
    progress: bool = False,
) -> Path:
    """Render the larger guide, and write ``valid_dataset.pickle`` and ``test_dataset.pickle``.

    Args:
        folder: of the photos; one that holds them is left alone.
        evaluation: folder of the two files; else ``evaluation/NAME`` beside ``folder``. They are
            written again each time, with the same bytes. Paths in them are relative to ``folder``.
        progress: show a progress bar.

    Returns:
        ``evaluation``. Raises ``PreparationError`` as :func:`make_birds` does.
    """
    folder = Path(folder)
    evaluation = Path(evaluation or folder.parent / "evaluation" / folder.name)
    make_birds(folder, species=SPECIES, photos=PHOTOS, progress=progress)
    guide = read_cub(folder)
    evaluation.mkdir(parents=True, exist_ok=True)
    for part, species in (("valid", VALID), ("test", TEST)):
        made = evaluation_set(of_species(guide, species), folder)
        made.write(evaluation / f"{part}_dataset.pickle")
    return evaluation


def of_species(guide: ImageCollection, places: range) -> ImageCollection:
    """The photos of those species of each genus whose places in it these are."""
    place = guide.product_ids % SPECIES
    return guide.subset((places.start <= place) & (place < places.stop))


def evaluation_set(photos: ImageCollection, folder: Path) -> EvaluationSet:
    """The first photos of each species to search in, the others to search with."""
    query: list[Entry] = []
    retrieval: list[Entry] = []
    seen: dict[int, int] = {}
    for source, product in zip(photos.sources, photos.product_ids.tolist(), strict=True):
        assert isinstance(source, Path)
        seen[product] = seen.get(product, 0) + 1
        part = retrieval if seen[product] <= SEARCHED_IN else query
        part.append(Entry(source.relative_to(folder).as_posix(), product))
    return EvaluationSet(tuple(query), tuple(retrieval))
