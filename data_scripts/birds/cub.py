"""Photos written in the layout of CUB-200-2011, so that the same reader serves both.

Beyond CUB's own files there is ``class_genus.txt``, with a line "<class> <genus> <genus name>" for
each class. Ids count from 1, as CUB's do. In every photo an attribute is present where the species
has it. Its certainty is 4 (definitely) where the photo shows the part, and 1 (not visible) where it
does not. The labelling time is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from data_scripts.birds.attributes import ATTRIBUTE_NAMES, SLOTS, Plumage, binary_attributes
from data_scripts.birds.puppet import PARTS
from data_scripts.birds.render import Photo
from data_scripts.birds.species import Genus

CONTENTS = (
    "images",
    "parts",
    "attributes",
    "images.txt",
    "image_class_labels.txt",
    "train_test_split.txt",
    "bounding_boxes.txt",
    "classes.txt",
    "class_genus.txt",
)
"""Files and folders at the data set's top level."""

JPEG_QUALITY = 90
_DEFINITELY, _NOT_VISIBLE = 4, 1
_CERTAINTIES = ("not visible", "guessing", "probably", "definitely")


class CubWriter:
    """A writer of CUB's files, for the photos of a field guide, class after class."""

    def __init__(self, folder: Path, guide: Sequence[Genus]) -> None:
        self._folder = folder
        self._species = [species for genus in guide for species in genus.species]
        self._folders = [
            f"{number:03d}.{species.name}" for number, species in enumerate(self._species, 1)
        ]
        self._labels = [_attribute_labels(species.plumage) for species in self._species]
        self._images: list[str] = []
        self._classes: list[str] = []
        self._split: list[str] = []
        self._boxes: list[str] = []
        self._locations: list[str] = []
        self._attributes: list[str] = []
        for name in (*(f"images/{name}" for name in self._folders), "parts", "attributes"):
            (folder / name).mkdir(parents=True)
        self._write_classes(guide)

    def add(self, species: int, photo_number: int, photo: Photo, training: bool) -> None:
        """Save a photo of a species, which is named by its place in the guide, from 0."""
        name = f"{self._folders[species]}/{self._species[species].name}_{photo_number:04d}.jpg"
        photo.picture.save(self._folder / "images" / name, quality=JPEG_QUALITY)
        image = len(self._images) + 1
        self._images.append(f"{image} {name}")
        self._classes.append(f"{image} {species + 1}")
        self._split.append(f"{image} {int(training)}")
        self._boxes.append(f"{image} " + " ".join(f"{value:.1f}" for value in photo.box))
        seen = set()
        for number, (part, (x, y, visible)) in enumerate(
            zip(PARTS, photo.parts.tolist(), strict=True), 1
        ):
            self._locations.append(f"{image} {number} {x:.1f} {y:.1f} {visible:.0f}")
            if visible:
                seen.add(_without_side(part))
        self._attributes.extend(
            lines[part in seen].replace("#", str(image)) for part, lines in self._labels[species]
        )

    def close(self) -> None:
        """Write the files that list the photos."""
        self._write("images.txt", self._images)
        self._write("image_class_labels.txt", self._classes)
        self._write("train_test_split.txt", self._split)
        self._write("bounding_boxes.txt", self._boxes)
        self._write("parts/part_locs.txt", self._locations)
        self._write("attributes/image_attribute_labels.txt", self._attributes)

    def _write_classes(self, guide: Sequence[Genus]) -> None:
        genera = [
            (number, genus.name) for number, genus in enumerate(guide, 1) for _ in genus.species
        ]
        self._write("classes.txt", _numbered(self._folders))
        self._write("class_genus.txt", _numbered(f"{number} {name}" for number, name in genera))
        self._write("parts/parts.txt", _numbered(PARTS))
        self._write("attributes/attributes.txt", _numbered(ATTRIBUTE_NAMES))
        self._write("attributes/certainties.txt", _numbered(_CERTAINTIES))
        self._write(
            "attributes/class_attribute_labels_continuous.txt",
            (
                " ".join(f"{100 * present:.1f}" for present in binary_attributes(species.plumage))
                for species in self._species
            ),
        )

    def _write(self, name: str, lines: Iterable[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        (self._folder / name).write_text(text, encoding="utf-8", newline="\n")


def _numbered(lines: Iterable[str]) -> list[str]:
    return [f"{number} {line}" for number, line in enumerate(lines, 1)]


def _without_side(part: str) -> str:
    return part.removeprefix("left ").removeprefix("right ")


def _attribute_labels(plumage: Plumage) -> list[tuple[str, dict[bool, str]]]:
    """Return for each slot the part that shows it, and its label lines with the part seen or not.

    The lines have ``#`` in the place of the photo's id.
    """
    present = binary_attributes(plumage)
    labels = []
    first = 1
    for slot in SLOTS:
        numbers = range(first, first + len(slot.values))
        labels.append(
            (
                _without_side(slot.part),
                {
                    seen: "\n".join(f"# {n} {present[n - 1]} {certainty} 0.0" for n in numbers)
                    for seen, certainty in ((True, _DEFINITELY), (False, _NOT_VISIBLE))
                },
            )
        )
        first += len(slot.values)
    return labels
