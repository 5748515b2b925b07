"""New photos of the same birds: the species of the data set, and nothing else of it."""

import numpy as np
import pytest

from course_lib.datasets import read_cub
from data_scripts.birds import fresh_photos, make_birds

GUIDE = {"genera": 2, "species": 4, "size": 48}


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory):
    return read_cub(make_birds(tmp_path_factory.mktemp("birds") / "birds", **GUIDE, photos=2))


def test_their_species_have_the_ids_and_names_that_the_data_set_gives_them(on_disk):
    fresh = fresh_photos(7, photos=3, chosen=[3, 1], **GUIDE)
    assert fresh.product_ids.tolist() == [1, 1, 1, 3, 3, 3, 5, 5, 5, 7, 7, 7]
    category_of = dict(zip(on_disk.product_ids, on_disk.category_ids, strict=True))
    assert fresh.category_ids.tolist() == [category_of[id] for id in fresh.product_ids]
    for id in set(fresh.product_ids.tolist()):
        assert on_disk.product_names[id] == fresh.product_names[id].replace("_", " ")


def test_they_are_pictures_of_the_data_set_only_for_its_own_seed(on_disk):
    """The data set's photos are those of photo seed 0, but for the JPEG's loss."""
    known = on_disk.tensor(size=48)
    same = fresh_photos(0, photos=2, **GUIDE).tensor(size=48)
    other = fresh_photos(1, photos=2, **GUIDE).tensor(size=48)
    assert (same - known).abs().mean() < 0.03
    assert (other - known).abs().flatten(1).mean(dim=1).min() > 0.03


def test_a_seed_gives_the_same_photos_again_and_more_of_them_begin_with_those():
    few = fresh_photos(11, photos=1, **GUIDE)
    more = fresh_photos(11, photos=2, **GUIDE)
    assert [p.tobytes() for p in few.sources] == [p.tobytes() for p in more.sources[::2]]
    np.testing.assert_array_equal(few.boxes, more.boxes[::2])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"photos": 0}, "photos must be at least 1"),
        ({"photos": 1, "chosen": [4]}, "chosen must be places from 0 to 3"),
        ({"photos": 1, "chosen": [-1]}, "chosen must be places from 0 to 3"),
    ],
)
def test_what_cannot_be_photographed_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        fresh_photos(1, **GUIDE, **wrong)
