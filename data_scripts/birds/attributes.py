"""Attributes of a bird: the slots, their values, and the difference between two birds.

Names follow CUB-200-2011 (``has_bill_shape::dagger``). A *plumage* gives a value to every slot.
Some slots colour a mark: an eyebrow, a wing bar, spots on the breast. Another slot says which
pattern the mark has. Where the pattern says that there is no mark, the mark's colour cannot be seen
and counts as ``None``.

**How a mark's colour counts.** Differences are counted slot by slot, over what is visible. So a
bird that gains a mark differs in two attributes: the pattern, and a colour where there was none. A
bird whose mark has another colour differs in one attribute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Plumage = Mapping[str, str]
Colour = tuple[int, int, int]

PALETTE: dict[str, Colour] = {
    "black": (36, 34, 40),
    "white": (242, 240, 232),
    "grey": (136, 140, 148),
    "brown": (118, 82, 52),
    "rufous": (182, 84, 40),
    "buff": (226, 194, 142),
    "yellow": (240, 204, 48),
    "olive": (122, 124, 56),
    "green": (66, 136, 76),
    "blue": (54, 100, 184),
    "cyan": (92, 182, 204),
    "purple": (114, 72, 146),
    "red": (200, 44, 46),
    "orange": (236, 132, 40),
    "pink": (232, 146, 158),
}


@dataclass(frozen=True)
class Slot:
    """An attribute of a bird, and the values that it may take.

    Attributes:
        name: name of the slot.
        part: the part, in CUB's list, that shows the attribute.
        values: all values.
        unmarked: for a pattern, the value without a mark.
        colours: for the colour of a mark, the slot of the mark's pattern.
        ground: for the colour of a mark, the slot of the colour that the mark lies on.
    """

    name: str
    part: str
    values: tuple[str, ...]
    unmarked: str | None = None
    colours: str | None = None
    ground: str | None = None


GENUS_SLOTS = (
    Slot(
        "back_color",
        "back",
        ("brown", "grey", "olive", "blue", "black", "green", "rufous", "purple", "cyan"),
    ),
    Slot(
        "belly_color",
        "belly",
        ("white", "buff", "yellow", "grey", "rufous", "orange", "pink", "cyan"),
    ),
    Slot("crown_color", "crown", ("grey", "black", "brown", "olive", "blue", "rufous", "white")),
)
"""The colours that all species of a genus share."""

SPECIES_SLOTS = (
    Slot("bill_shape", "beak", ("dagger", "cone", "hooked", "curved", "needle")),
    Slot("bill_color", "beak", ("black", "grey", "yellow", "orange", "red")),
    Slot(
        "head_pattern",
        "crown",
        ("plain", "capped", "eyebrow", "eyeline", "masked", "eyering", "crested"),
        unmarked="plain",
    ),
    Slot(
        "head_mark_color",
        "crown",
        ("black", "white", "red", "yellow", "blue", "rufous"),
        colours="head_pattern",
        ground="crown_color",
    ),
    Slot("throat_color", "throat", ("white", "black", "yellow", "red", "rufous", "grey")),
    Slot(
        "wing_pattern",
        "left wing",
        ("solid", "one_bar", "two_bars", "spotted", "patch"),
        unmarked="solid",
    ),
    Slot(
        "wing_mark_color",
        "left wing",
        ("white", "buff", "black", "red", "yellow"),
        colours="wing_pattern",
        ground="back_color",
    ),
    Slot(
        "breast_pattern",
        "breast",
        ("solid", "spotted", "streaked", "banded", "bib"),
        unmarked="solid",
    ),
    Slot(
        "breast_mark_color",
        "breast",
        ("black", "brown", "rufous", "red", "grey"),
        colours="breast_pattern",
        ground="belly_color",
    ),
    Slot("tail_shape", "tail", ("rounded", "notched", "forked", "pointed", "fan")),
    Slot("tail_pattern", "tail", ("plain", "white_tip", "barred", "dark_tip", "white_edges")),
    Slot("leg_color", "left leg", ("black", "grey", "orange", "pink", "yellow")),
)
"""The attributes that may tell the species of a genus apart."""

SLOTS = GENUS_SLOTS + SPECIES_SLOTS
SLOT_BY_NAME = {slot.name: slot for slot in SLOTS}
ATTRIBUTE_NAMES = tuple(f"has_{slot.name}::{value}" for slot in SLOTS for value in slot.values)

_LEAST_CONTRAST = 70.0


def visible(plumage: Plumage) -> tuple[str | None, ...]:
    """Return what can be seen of every slot: ``None`` for the colour of an absent mark."""
    return tuple(plumage[slot.name] if _is_seen(slot, plumage) else None for slot in SLOTS)


def visible_differences(one: Plumage, other: Plumage) -> int:
    """Count the visible attributes in which two plumages differ."""
    return sum(a != b for a, b in zip(visible(one), visible(other), strict=True))


def binary_attributes(plumage: Plumage) -> tuple[int, ...]:
    """Return a 0 or 1 for each of ``ATTRIBUTE_NAMES``: 1 for an attribute that can be seen."""
    seen = visible(plumage)
    return tuple(
        int(value == shown)
        for slot, shown in zip(SLOTS, seen, strict=True)
        for value in slot.values
    )


def is_legible(plumage: Plumage) -> bool:
    """Say whether each mark stands out from the colour that it lies on."""
    return all(
        contrast(plumage[slot.name], plumage[slot.ground]) >= _LEAST_CONTRAST
        for slot in SPECIES_SLOTS
        if slot.ground is not None and _is_seen(slot, plumage)
    )


def contrast(one: str, other: str) -> float:
    """Return the Euclidean distance of two named colours in RGB, 0 to 441."""
    pairs = zip(PALETTE[one], PALETTE[other], strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


def _is_seen(slot: Slot, plumage: Plumage) -> bool:
    if slot.colours is None:
        return True
    return plumage[slot.colours] != SLOT_BY_NAME[slot.colours].unmarked
