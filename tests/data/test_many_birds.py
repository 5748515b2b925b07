"""The larger guide of assignment 04: who trains, who is searched for, and in what."""

import numpy as np
import pytest

from course_lib.datasets import ImageCollection
from course_lib.evaluation_sets import EvaluationSet
from data_scripts.birds import many


@pytest.fixture
def guide(tmp_path):
    """Two genera of 30 species with twelve photos each; no picture is opened."""
    products = np.repeat(np.arange(60), 12)
    return ImageCollection(
        sources=tuple(tmp_path / f"images/{i // 12}/{i % 12}.jpg" for i in range(720)),
        product_ids=products,
        category_ids=products // 30,
        split=np.full(720, "test"),
    )


def test_species_of_training_validation_and_testing_are_different_ones_of_every_genus(guide):
    parts = [many.of_species(guide, places) for places in (many.TRAIN, many.VALID, many.TEST)]
    products = [set(part.product_ids.tolist()) for part in parts]
    assert set.union(*products) == set(range(60))
    assert sum(map(len, products)) == 60
    assert all(set(part.category_ids.tolist()) == {0, 1} for part in parts)


def test_two_photos_of_each_species_are_searched_in_and_ten_are_queries(guide, tmp_path):
    photos = many.of_species(guide, many.TEST)
    made = many.evaluation_set(photos, tmp_path)
    assert (len(made.query), len(made.retrieval)) == (200, 40)
    assert {entry.path for entry in made.retrieval if entry.label == 20} == {
        "images/20/0.jpg",
        "images/20/1.jpg",
    }
    assert made.unanswerable == 0
    assert (many.SPECIES, many.PHOTOS) == (30, 12), "as in the guide of this test"


def test_both_files_are_written_beside_the_photos_and_read_back(tmp_path):
    sets = many.make_many_birds(tmp_path / "many", genera=1, photos=3, size=16)
    assert sets == tmp_path / "evaluation" / "many"
    valid, test = (EvaluationSet.read(sets / f"{part}_dataset.pickle") for part in ("valid", "test"))
    assert {entry.label for entry in valid.query} == set(range(10, 20))
    assert {entry.label for entry in test.query} == set(range(20, 30))
    query, retrieval = test.collections(tmp_path / "many")
    assert (len(query), len(retrieval)) == (10, 20)
