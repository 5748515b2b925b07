"""The field guide and the placements: what they promise for every seed, and one golden hash."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_scripts.birds.attributes import (
    ATTRIBUTE_NAMES,
    SLOTS,
    binary_attributes,
    is_legible,
    visible,
    visible_differences,
)
from data_scripts.birds.build import tables_hash
from data_scripts.birds.placement import COLUMNS, MAX_LEAVES, placement, placement_table
from data_scripts.birds.species import MAX_GENERA, MAX_SPECIES, field_guide

seeds = st.integers(0, 2**32 - 1)
GOLDEN = "4830d8aae6fa5f5ed28be1e3c021abbdf9137d7b42b5cc6c17d178c3833aa1d0"


@given(seed=seeds, genera=st.integers(1, 12), species=st.integers(2, MAX_SPECIES))
@settings(max_examples=25, deadline=None)
def test_any_two_species_of_a_genus_differ_in_one_to_three_visible_attributes(
    seed, genera, species
):
    for genus in field_guide(genera, species, seed):
        for one, other in combinations(genus.species, 2):
            assert 1 <= visible_differences(one.plumage, other.plumage) <= 3


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_no_two_genera_share_a_name_or_both_back_and_belly_colour(seed):
    guide = field_guide(MAX_GENERA, 1, seed)
    colours = {
        (g.species[0].plumage["back_color"], g.species[0].plumage["belly_color"]) for g in guide
    }
    assert len(colours) == MAX_GENERA
    assert len({genus.name for genus in guide}) == MAX_GENERA


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_species_have_names_of_their_own_and_marks_that_stand_out(seed):
    kinds = [kind for genus in field_guide(6, 20, seed) for kind in genus.species]
    assert len({kind.name for kind in kinds}) == len(kinds)
    assert all(is_legible(kind.plumage) for kind in kinds)


def test_a_larger_guide_extends_a_smaller_one():
    small, large = field_guide(3, 4, seed=5), field_guide(6, 9, seed=5)
    for genus, larger in zip(small, large, strict=False):
        assert genus.build == larger.build
        assert genus.species == larger.species[:4]


def test_more_photos_begin_with_the_photos_of_fewer():
    few, many = placement_table(0, 1, 2, 4), placement_table(0, 1, 2, 9)
    np.testing.assert_array_equal(few, many[:4])


def test_another_seed_gives_another_guide_and_other_placements():
    assert field_guide(2, 3, seed=0) != field_guide(2, 3, seed=1)
    assert not np.array_equal(placement_table(0, 0, 0, 2), placement_table(1, 0, 0, 2))


def test_the_tables_of_the_default_set_are_these_on_every_platform():
    guide = field_guide(12, 10, seed=0)
    tables = [[placement_table(0, g, s, 30) for s in range(10)] for g in range(12)]
    assert tables_hash(guide, tables) == GOLDEN


def test_making_tables_leaves_the_global_generators_alone():
    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()
    field_guide(2, 2, seed=0)
    placement_table(0, 0, 0, 3)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_a_placement_uses_every_column_of_its_row():
    placement(np.full(COLUMNS, 0.5))
    with pytest.raises(StopIteration):
        placement(np.full(COLUMNS - 1, 0.5))


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=COLUMNS, max_size=COLUMNS))
@settings(max_examples=50, deadline=None)
def test_every_row_of_draws_is_a_placement(row):
    view = placement(np.array(row))
    assert len(view.leaves) <= MAX_LEAVES
    assert 0 < view.length < 1


def test_the_colour_of_an_absent_mark_is_not_seen_and_does_not_count():
    bird = dict(field_guide(1, 1, seed=0)[0].species[0].plumage) | {"head_pattern": "plain"}
    recoloured = bird | {"head_mark_color": "blue"}
    also = bird | {"head_mark_color": "red"}
    assert visible_differences(recoloured, also) == 0
    assert binary_attributes(recoloured) == binary_attributes(also)


def test_gaining_a_mark_counts_for_its_pattern_and_its_colour():
    bare = dict(field_guide(1, 1, seed=0)[0].species[0].plumage) | {"head_pattern": "plain"}
    assert visible_differences(bare, bare | {"head_pattern": "capped"}) == 2


def test_a_bird_has_one_binary_attribute_for_each_visible_value():
    for genus in field_guide(4, 5, seed=2):
        for kind in genus.species:
            present = binary_attributes(kind.plumage)
            named = {
                name for name, is_there in zip(ATTRIBUTE_NAMES, present, strict=True) if is_there
            }
            expected = {
                f"has_{slot.name}::{value}"
                for slot, value in zip(SLOTS, visible(kind.plumage), strict=True)
                if value
            }
            assert named == expected


@pytest.mark.parametrize(
    ("genera", "species", "what"),
    [(0, 1, "genera"), (MAX_GENERA + 1, 1, "genera"), (1, MAX_SPECIES + 1, "species")],
)
def test_a_guide_of_impossible_size_is_refused_by_name(genera, species, what):
    with pytest.raises(ValueError, match=f"{what} must be between 1 and"):
        field_guide(genera, species, seed=0)
