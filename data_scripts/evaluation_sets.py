"""Evaluation sets, ``valid_dataset.pickle`` and ``test_dataset.pickle``, made from any data set.

Only *unseen products* take part: products without an image in the training split (of
``product_disjoint``). The rules:

1. A data set whose validation and test split have unseen products (ETH-80) keeps the two splits.
   Otherwise the unseen products, sorted by category and id, go alternately to validation and test.
2. The images of a product are put in random order. The first fifth of them, but at least one image,
   are queries; the others belong to the retrieval set. A product with a single image has no query.
3. Where numbers are asked for, such as the KFU course's 4566 and 19479, the products are put in
   random order, too. The first products with two images or more give one query each, until there
   are enough queries. The retrieval set takes the other images of these products, then images of
   the further products, until it is full. If there are too many images, the last products keep
   fewer, but at least one.

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
    """The sizes of an evaluation set: numbers of queries and of images in the retrieval set."""

    queries: int
    retrieval: int


KFU_SIZES = Sizes(queries=4566, retrieval=19479)
"""Sizes of the KFU course's two files. Stanford Online Products has enough images for both."""


def make_evaluation_sets(
    folder: str | Path, to: str | Path, *, sizes: Sizes | None = None, seed: int = 0
) -> dict[str, EvaluationSet]:
    """Write both evaluation sets of a data set.

    Args:
        folder: the data set. Paths in the files are relative to it.
        to: folder of the two files.
        sizes: numbers of images (rule 3); None divides each product's images (rule 2).
        seed: seed of the random order.

    Returns:
        The evaluation sets, by the names in ``PARTS``.

    Raises:
        DatasetError: the data set cannot be read.
        PreparationError: the data set has too few unseen products.
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
    """Return the ids of the products for validation, and of the products for testing (rule 1)."""
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
    """Return the paths of each product's images, relative to the folder, in random order."""
    wanted = set(products)
    images: dict[int, list[str]] = {product: [] for product in products}
    for source, product in zip(collection.sources, collection.product_ids.tolist(), strict=True):
        if product in wanted and isinstance(source, Path):
            images[product].append(source.relative_to(folder).as_posix())
    return {product: draws.shuffled(sorted(paths)) for product, paths in sorted(images.items())}


def one_in_five(images: dict[int, list[str]]) -> EvaluationSet:
    """Divide each product's images: a fifth are queries, the others are searched in (rule 2)."""
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
    """Make an evaluation set of the given sizes (rule 3)."""
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
    """Count the different products in queries and retrieval set."""
    entries = (*evaluation_set.query, *evaluation_set.retrieval)
    return len(np.unique([entry.label for entry in entries]))
