"""The field guide: genera, their species, and the few attributes that tell species apart.

Each genus has three *field marks*: slots in which its species may vary. Every other slot is the
same for the whole genus. Species are distinct visible combinations of the field marks. So **any two
species of a genus differ in at least 1 and at most 3 visible attributes**: this holds for every
pair, not only against a prototype. A pattern slot among the field marks may lose its mark only
where the mark's colour is a field mark, too, since the loss changes both.

Everything here follows from the seed alone, and a larger guide extends a smaller guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from data_scripts.birds.attributes import (
    GENUS_SLOTS,
    SLOT_BY_NAME,
    SPECIES_SLOTS,
    Plumage,
    contrast,
    is_legible,
    visible,
)
from data_scripts.birds.draws import Draws

FIELD_MARKS = 3
"""Number of attributes in which the species of a genus may vary."""

_BOLD = frozenset(
    slot.name for slot in SPECIES_SLOTS if slot.part in {"crown", "throat", "left wing", "breast"}
)
"""Slots that are seen at a glance. Every genus varies in one of them, not in bill and legs only."""

_STEMS = ("Tarr", "Wend", "Brann", "Pip", "Quin", "Thral", "Lorr", "Veld")
_ENDINGS = ("il", "ling", "ard", "in", "et", "ow")
GENUS_NAMES = tuple(
    stem + _ENDINGS[(row + column) % len(_ENDINGS)]
    for row in range(len(_ENDINGS))
    for column, stem in enumerate(_STEMS)
)
SPECIES_NAMES = (
    *("Northern", "Southern", "Eastern", "Western", "Lesser", "Greater", "Common", "Royal"),
    *("Coastal", "Highland", "Island", "Marsh", "Forest", "Desert", "Meadow", "River"),
    *("Winter", "Summer", "Shy", "Hermit", "Alpine", "Prairie", "Canyon", "Harbour"),
    *("Orchard", "Reed", "Willow", "Juniper", "Dune", "Lowland", "Valley", "Upland"),
    *("Boreal", "Tropical", "Garden", "Vesper", "Dawn", "Wandering", "Heath", "Cedar"),
)
MAX_GENERA = len(GENUS_NAMES)
MAX_SPECIES = len(SPECIES_NAMES)


@dataclass(frozen=True)
class Build:
    """The proportions of a genus.

    Lengths are in body lengths, ``stance`` in degrees above the level.
    """

    plumpness: float
    fullness: float
    head: float
    neck: float
    stance: float
    bill: float
    tail: float
    leg: float
    wing: float


@dataclass(frozen=True)
class Species:
    """A product: a name in CUB's manner (``Northern_Tarril``) and a plumage."""

    name: str
    plumage: Plumage


@dataclass(frozen=True)
class Genus:
    """A category: a build, the slots in which its species vary, and the species."""

    name: str
    build: Build
    field_marks: tuple[str, ...]
    species: tuple[Species, ...]


def field_guide(genera: int, species: int, seed: int) -> tuple[Genus, ...]:
    """Draw a field guide: the same genera and species for the same seed.

    Args:
        genera: number of genera.
        species: number of species in each genus.
        seed: seed of all draws.

    Raises:
        ValueError: more are asked for than there are names.
    """
    _check_count("genera", genera, MAX_GENERA)
    _check_count("species", species, MAX_SPECIES)
    colours = _genus_colours(Draws(seed, "genus colours"))
    return tuple(
        _genus(name, back_belly, species, Draws(seed, "genus", index))
        for index, (name, back_belly) in enumerate(
            zip(GENUS_NAMES[:genera], colours[:genera], strict=True)
        )
    )


def _check_count(what: str, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise ValueError(f"{what} must be between 1 and {most}, not {count}")


def _genus_colours(draws: Draws) -> list[tuple[str, str]]:
    """Draw back and belly colours: a pair for each genus, and no pair twice."""
    backs, bellies = SLOT_BY_NAME["back_color"].values, SLOT_BY_NAME["belly_color"].values
    pairs = [(back, belly) for back in backs for belly in bellies if contrast(back, belly) > 60]
    return draws.shuffled(pairs)


def _genus(name: str, back_belly: tuple[str, str], species: int, draws: Draws) -> Genus:
    build = Build(
        plumpness=draws.between(0.27, 0.37),
        fullness=draws.between(0.0, 0.2),
        head=draws.between(0.18, 0.225),
        neck=draws.between(0.0, 0.10),
        stance=draws.between(14, 46),
        bill=draws.between(0.8, 1.3),
        tail=draws.between(0.40, 0.66),
        leg=draws.between(0.20, 0.29),
        wing=draws.between(0.88, 1.06),
    )
    names = [f"{adjective}_{name}" for adjective in draws.shuffled(SPECIES_NAMES)]
    while True:
        field_marks, plumages = _plumages(back_belly, draws)
        if len(plumages) >= MAX_SPECIES:
            break
    chosen = draws.shuffled(plumages)[:species]
    return Genus(
        name=name,
        build=build,
        field_marks=field_marks,
        species=tuple(Species(*pair) for pair in zip(names, chosen, strict=False)),
    )


def _plumages(
    back_belly: tuple[str, str], draws: Draws
) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """Draw the shared plumage of a genus and its field marks; list all visible combinations."""
    shared = {slot.name: draws.choice(slot.values) for slot in GENUS_SLOTS + SPECIES_SLOTS}
    shared["back_color"], shared["belly_color"] = back_belly
    field_marks = _draw_field_marks(draws)
    for name in field_marks:
        pattern = SLOT_BY_NAME[name].colours
        if pattern is not None:
            shared[pattern] = draws.choice(_marked_values(pattern))
    values = [_values_within_genus(name, field_marks) for name in field_marks]
    distinct: dict[tuple[str | None, ...], dict[str, str]] = {}
    for combination in product(*values):
        plumage = shared | dict(zip(field_marks, combination, strict=True))
        if is_legible(plumage):
            distinct.setdefault(visible(plumage), plumage)
    return field_marks, list(distinct.values())


def _draw_field_marks(draws: Draws) -> tuple[str, ...]:
    while True:
        names = draws.shuffled([slot.name for slot in SPECIES_SLOTS])[:FIELD_MARKS]
        if not _BOLD.isdisjoint(names):
            return tuple(names)


def _values_within_genus(name: str, field_marks: Sequence[str]) -> tuple[str, ...]:
    mark_colours = {SLOT_BY_NAME[mark].colours for mark in field_marks}
    return SLOT_BY_NAME[name].values if name in mark_colours else _marked_values(name)


def _marked_values(name: str) -> tuple[str, ...]:
    slot = SLOT_BY_NAME[name]
    return tuple(value for value in slot.values if value != slot.unmarked)
