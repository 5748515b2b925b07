"""``valid_dataset.pickle`` and ``test_dataset.pickle``, made from any data set.

What can be seen in training is left out: only *unseen products* take part, those without an image
in the training split (of ``product_disjoint``). They are dealt out so:

1. A data set with a validation and a test split of unseen products (ETH-80) keeps them. Otherwise
   the unseen products, sorted by category and id, go alternately to validation and to test.
2. Of the images of a product, in random order, one in five (at least one) is a query, and the
   others are to be searched in. A product with one image is searched in only.
3. Where numbers are asked for, as the KFU course's 4566 and 19479, the products come in random
   order, and the first so many that have two images or more give one query each. Their other
   images are to be searched in, then those of the further products, until the number is reached;
   if there are too many, the last products keep fewer, but one at least.

The same data set and seed give the same bytes, on every platform.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_lib.datasets import ImageCollection, product_disjoint, read_prepared
from course_lib.evaluation_sets import Entry, EvaluationSet
from data_scripts.birds.draws import Draws
from data_scripts.preparation import PreparationError

PARTS = ("valid", "test")


class Sizes(NamedTuple):
    """How many images an evaluation set shall have."""

    queries: int
    retrieval: int


KFU_SIZES = Sizes(queries=4566, retrieval=19479)
"""Of each of the KFU course's two files; Stanford Online Products has enough images for both."""


def make_evaluation_sets(
    folder: str | Path, to: str | Path, *, sizes: Sizes | None = None, seed: int = 0
) -> dict[str, EvaluationSet]:
    """Write both files into the folder ``to``; their paths are relative to ``folder``.

    Returns the sets by the names in ``PARTS``. Raises ``DatasetError`` where the data set cannot be
    read, and ``PreparationError`` where it has too few unseen products.
    """
    folder, to = Path(folder), Path(to)
    collection = product_disjoint(read_prepared(folder))
    made = {}
    for part, products in zip(PARTS, unseen_products(collection), strict=True):
        images = images_by_product(collection, folder, products, Draws(seed, f"images {part}"))
        order = Draws(seed, f"products {part}").shuffled(sorted(images))
        shuffled = {product: images[product] for product in order}
        made[part] = one_in_five(shuffled) if sizes is None else of_sizes(shuffled, sizes)
    to.mkdir(parents=True, exist_ok=True)
    for part, found in made.items():
        found.write(to / f"{part}_dataset.pickle")
    return made


def unseen_products(collection: ImageCollection) -> tuple[list[int], list[int]]:
    """Ids of the products for validation and for testing: rule 1."""
    of_split = {
        split: set(collection.product_ids[collection.split == split].tolist())
        for split in ("validation", "test")
    }
    validation, test = of_split["validation"], of_split["test"]
    if validation and test and not validation & test:
        return sorted(validation), sorted(test)
    category = dict(
        zip(collection.product_ids.tolist(), collection.category_ids.tolist(), strict=True)
    )
    unseen = sorted(validation | test, key=lambda product: (category[product], product))
    if len(unseen) < 2:
        raise PreparationError(
            f"the data set has {len(unseen)} products that are not for training: two are needed, "
            f"one for each evaluation set"
        )
    return unseen[::2], unseen[1::2]


def images_by_product(
    collection: ImageCollection, folder: Path, products: list[int], draws: Draws
) -> dict[int, list[str]]:
    """The images of each product, relative to the folder, in random order."""
    wanted = set(products)
    images: dict[int, list[str]] = {product: [] for product in products}
    for source, product in zip(collection.sources, collection.product_ids.tolist(), strict=True):
        if product in wanted and isinstance(source, Path):
            images[product].append(source.relative_to(folder).as_posix())
    return {product: draws.shuffled(sorted(paths)) for product, paths in sorted(images.items())}


def one_in_five(images: dict[int, list[str]]) -> EvaluationSet:
    """Rule 2."""
    query: list[Entry] = []
    retrieval: list[Entry] = []
    for product, paths in images.items():
        queries = max(1, len(paths) // 5) if len(paths) > 1 else 0
        query += [Entry(path, product) for path in paths[:queries]]
        retrieval += [Entry(path, product) for path in paths[queries:]]
    if not query:
        raise PreparationError("no unseen product has two images: there is nothing to query with")
    return EvaluationSet(tuple(sorted(query)), tuple(sorted(retrieval)))


def of_sizes(images: dict[int, list[str]], sizes: Sizes) -> EvaluationSet:
    """Rule 3."""
    queried = [product for product, paths in images.items() if len(paths) > 1][: sizes.queries]
    available = sum(len(paths) for paths in images.values()) - len(queried)
    if len(queried) < sizes.queries or not sizes.queries <= sizes.retrieval <= available:
        raise PreparationError(
            f"{sizes.queries} queries and {sizes.retrieval} images to search in cannot be had: the "
            f"unseen products of one evaluation set allow {len(queried)} queries (one a product) "
            f"and between {len(queried)} and {available} images to search in"
        )
    query = [Entry(images[product][0], product) for product in queried]
    # A second image of every queried product first: each query can be answered.
    partners = [Entry(images[product][1], product) for product in queried]
    others = [Entry(path, product) for product in queried for path in images[product][2:]]
    asked = set(queried)
    further = [
        Entry(path, product)
        for product, paths in images.items()
        if product not in asked
        for path in paths
    ]
    retrieval = [*partners, *others, *further][: sizes.retrieval]
    return EvaluationSet(tuple(sorted(query)), tuple(sorted(retrieval)))


def products_in(evaluation_set: EvaluationSet) -> int:
    """Number of different products in queries and retrieval set."""
    entries = (*evaluation_set.query, *evaluation_set.retrieval)
    return len(np.unique([entry.label for entry in entries]))
