"""Rendered birds: stable, whole in the frame, told apart, and located exactly."""

import dataclasses
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_scripts.birds.anatomy import draw_puppet
from data_scripts.birds.placement import Leaf, Placement, placement, placement_table
from data_scripts.birds.puppet import PARTS, Puppet
from data_scripts.birds.render import Photo, Studio, portrait
from data_scripts.birds.species import field_guide

STORED = Path(__file__).parent / "pictures" / "birds.png"
STORED_SIZE = 64


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio(STORED_SIZE, seed=0)


@pytest.fixture(scope="module")
def guide():
    return field_guide(4, 3, seed=0)


def take(studio: Studio, genus, species: int, view: Placement) -> Photo:
    kind = genus.species[species]
    return studio.photograph(draw_puppet(genus.build, kind.plumage), kind.plumage, view)


@pytest.mark.parametrize("place", range(4))
def test_photos_are_those_stored_within_2_of_255(studio, guide, place):
    """The stored strip was rendered once; other versions of Pillow may round differently."""
    left = place * STORED_SIZE
    with Image.open(STORED) as strip:
        stored = strip.crop((left, 0, left + STORED_SIZE, STORED_SIZE))
    view = placement(placement_table(0, place, 0, 1)[0])
    photo = take(studio, guide[place], 0, view).picture
    difference = np.abs(np.asarray(photo, dtype=float) - np.asarray(stored, dtype=float))
    assert difference.mean() < 2


@pytest.mark.parametrize("seed", [0, 1])
def test_any_two_species_of_a_genus_are_told_apart_in_a_clean_render(seed):
    """At least 20 pixels of 96 x 96 differ by more than 24 of 255."""
    for genus in field_guide(12, 10, seed):
        plumages = [kind.plumage for kind in genus.species]
        puppets = framed_alike([draw_puppet(genus.build, plumage) for plumage in plumages])
        prints = [
            np.asarray(portrait(puppet, plumage, 96), dtype=int)
            for puppet, plumage in zip(puppets, plumages, strict=True)
        ]
        for one, other in combinations(prints, 2):
            changed = np.abs(one - other).max(axis=2) > 24
            assert changed.sum() >= 20


def framed_alike(puppets: list[Puppet]) -> list[Puppet]:
    """With two unpainted points more, lest a longer bill rescale, and change, the whole picture."""
    everything = np.concatenate([puppet.points for puppet in puppets])
    corners = np.stack([everything.min(axis=0), everything.max(axis=0)])
    return [
        dataclasses.replace(
            puppet,
            points=np.concatenate([puppet.points, corners]),
            levers=np.concatenate([puppet.levers, np.zeros((2, 2))]),
            bones=np.concatenate([puppet.bones, np.zeros(2, dtype=int)]),
        )
        for puppet in puppets
    ]


def views(genus: int, count: int) -> list[Placement]:
    return [placement(row) for row in placement_table(0, genus, 0, count)]


def test_the_whole_bird_lies_in_the_frame_whatever_the_pose(studio, guide):
    for number, genus in enumerate(guide):
        for view in views(number, 40):
            x, y, width, height = take(studio, genus, 0, view).box
            assert x > 0
            assert y > 0
            assert x + width < STORED_SIZE
            assert y + height < STORED_SIZE
            assert max(width, height) > 0.5 * STORED_SIZE


def test_every_part_that_is_seen_lies_in_the_bounding_box(studio, guide):
    for number, genus in enumerate(guide):
        for view in views(number, 20):
            photo = take(studio, genus, 0, view)
            x, y, width, height = photo.box
            seen = photo.parts[photo.parts[:, 2] == 1]
            assert ((seen[:, 0] >= x - 0.1) & (seen[:, 0] <= x + width + 0.1)).all()
            assert ((seen[:, 1] >= y - 0.1) & (seen[:, 1] <= y + height + 0.1)).all()


def test_a_bird_that_looks_left_shows_its_left_side_and_one_that_looks_right_its_right(
    studio, guide
):
    for view in views(0, 12):
        photo = take(studio, guide[0], 0, dataclasses.replace(view, leaves=()))
        near, far = ("left", "right") if view.mirrored else ("right", "left")
        places = dict(zip(PARTS, photo.parts.tolist(), strict=True))
        for part in ("eye", "wing"):
            assert places[f"{near} {part}"][2] == 1
            assert places[f"{far} {part}"] == [0, 0, 0]
        assert (places["beak"][0] < places["tail"][0]) == view.mirrored


def test_a_part_behind_a_leaf_is_not_seen_and_all_others_are(studio, guide):
    bare = dataclasses.replace(views(0, 1)[0], leaves=())
    before = take(studio, guide[0], 0, bare).parts
    x, y = before[PARTS.index("tail"), :2] / STORED_SIZE
    leaf = Leaf(x=x, y=y, half_length=0.03, half_width=0.3, angle=30.0, tone=0.5)
    after = take(studio, guide[0], 0, dataclasses.replace(bare, leaves=(leaf,))).parts
    assert after[PARTS.index("tail")].tolist() == [0, 0, 0]
    others = [index for index, part in enumerate(PARTS) if part != "tail"]
    np.testing.assert_array_equal(after[others], before[others])


def test_the_beak_has_the_colour_of_the_bill(guide):
    """Locations are those of the drawing: the bill's own colour is found under its location."""
    genus = guide[1]
    plumage = dict(genus.species[0].plumage) | {"bill_color": "red", "bill_shape": "cone"}
    puppet = draw_puppet(genus.build, plumage)
    view = dataclasses.replace(
        views(1, 1)[0],
        leaves=(),
        soft=False,
        grain_strength=0.0,
        brightness=1.0,
        warmth=0.0,
        contrast=1.0,
    )
    photo = Studio(192, seed=0).photograph(puppet, plumage, view)
    x, y = photo.parts[PARTS.index("beak"), :2]
    red, green, blue = photo.picture.getpixel((round(x), round(y)))
    assert red > 2 * green
    assert red > 2 * blue


def test_the_same_placement_gives_the_same_pixels(studio, guide):
    view = views(2, 1)[0]
    one, other = (take(studio, guide[2], 0, view).picture for _ in range(2))
    assert one.tobytes() == other.tobytes()


def test_a_studio_for_pictures_too_small_to_draw_is_refused():
    with pytest.raises(ValueError, match="size must be at least 16 px, not 8"):
        Studio(8, seed=0)
