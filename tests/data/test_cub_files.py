"""The birds on disk: CUB-200-2011's files, consistent with each other and with the pictures."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_scripts.birds import make_birds
from data_scripts.birds.attributes import ATTRIBUTE_NAMES
from data_scripts.birds.cub import CONTENTS
from data_scripts.birds.puppet import PARTS

GENERA, SPECIES, PHOTOS, SIZE = 3, 2, 5, 48
CLASSES = GENERA * SPECIES
IMAGES = CLASSES * PHOTOS


def lines(birds: Path, name: str) -> list[list[str]]:
    return [line.split(" ") for line in (birds / name).read_text(encoding="utf-8").splitlines()]


def table(birds: Path, name: str) -> np.ndarray:
    return np.array(lines(birds, name), dtype=float)


def test_the_folder_holds_these_files_and_no_others(birds):
    assert {path.name for path in birds.iterdir()} == {*CONTENTS, "dataset.json"}


def test_every_listed_picture_is_a_jpeg_of_the_asked_size_in_the_folder_of_its_class(birds):
    classes = dict(lines(birds, "classes.txt"))
    labels = dict(lines(birds, "image_class_labels.txt"))
    listed = lines(birds, "images.txt")
    assert len(listed) == IMAGES
    for image, name in listed:
        assert Path(name).parent.name == classes[labels[image]]
        with Image.open(birds / "images" / name) as picture:
            assert picture.format == "JPEG"
            assert picture.size == (SIZE, SIZE)
    on_disk = {path.relative_to(birds / "images").as_posix() for path in birds.rglob("*.jpg")}
    assert on_disk == {name for _, name in listed}


def test_ids_count_from_one_in_every_file_of_images(birds):
    for name in ("images", "image_class_labels", "train_test_split", "bounding_boxes"):
        ids = [int(line[0]) for line in lines(birds, f"{name}.txt")]
        assert ids == list(range(1, IMAGES + 1))


def test_half_of_the_photos_of_each_class_are_for_training_rounded_up(birds):
    labels = table(birds, "image_class_labels.txt")[:, 1].astype(int)
    training = table(birds, "train_test_split.txt")[:, 1].astype(int)
    assert np.bincount(labels, weights=training)[1:].tolist() == [3] * CLASSES


def test_each_class_names_its_genus_which_ends_the_class_name(birds):
    genera = lines(birds, "class_genus.txt")
    for (_, class_name), (_, _, genus) in zip(lines(birds, "classes.txt"), genera, strict=True):
        assert class_name.endswith(f"_{genus}")
    assert Counter(number for _, number, _ in genera) == {"1": 2, "2": 2, "3": 2}


def test_boxes_lie_in_the_picture(birds):
    x, y, width, height = table(birds, "bounding_boxes.txt")[:, 1:].T
    assert (x >= 0).all()
    assert (y >= 0).all()
    assert (x + width <= SIZE).all()
    assert (y + height <= SIZE).all()
    assert (width * height > 0).all()


def test_each_picture_has_all_fifteen_parts_in_order_and_the_unseen_ones_at_zero(birds):
    assert tuple(" ".join(line[1:]) for line in lines(birds, "parts/parts.txt")) == PARTS
    locations = table(birds, "parts/part_locs.txt").reshape(IMAGES, len(PARTS), 5)
    assert (locations[:, :, 0] == np.arange(1, IMAGES + 1)[:, None]).all()
    assert (locations[:, :, 1] == np.arange(1, len(PARTS) + 1)).all()
    assert set(locations[:, :, 4].ravel()) == {0, 1}
    assert (locations[locations[:, :, 4] == 0, 2:4] == 0).all()
    assert (locations[:, :, 2:4] <= SIZE).all()


def test_the_attributes_of_an_image_are_those_of_its_class(birds):
    names = [line[1] for line in lines(birds, "attributes/attributes.txt")]
    assert tuple(names) == ATTRIBUTE_NAMES
    of_class = table(birds, "attributes/class_attribute_labels_continuous.txt")
    assert of_class.shape == (CLASSES, len(names))
    of_image = table(birds, "attributes/image_attribute_labels.txt")
    of_image = of_image.reshape(IMAGES, len(names), 5)
    assert (of_image[:, :, 1] == np.arange(1, len(names) + 1)).all()
    labels = table(birds, "image_class_labels.txt")[:, 1].astype(int)
    np.testing.assert_array_equal(100 * of_image[:, :, 2], of_class[labels - 1])


SHOWN_BY = {
    "back": ["back"],
    "belly": ["belly"],
    "bill": ["beak"],
    "breast": ["breast"],
    "crown": ["crown"],
    "head": ["crown"],
    "leg": ["left leg", "right leg"],
    "tail": ["tail"],
    "throat": ["throat"],
    "wing": ["left wing", "right wing"],
}


def test_an_attribute_is_certain_just_where_its_part_is_seen(birds):
    names = [line[1] for line in lines(birds, "attributes/attributes.txt")]
    labels = table(birds, "attributes/image_attribute_labels.txt")
    certainty = labels.reshape(IMAGES, len(names), 5)[:, :, 3]
    seen = table(birds, "parts/part_locs.txt").reshape(IMAGES, len(PARTS), 5)[:, :, 4]
    for index, name in enumerate(names):
        parts = [PARTS.index(part) for part in SHOWN_BY[name.split("_")[1]]]
        expected = np.where(seen[:, parts].any(axis=1), 4, 1)
        np.testing.assert_array_equal(certainty[:, index], expected)
    assert set(certainty.ravel()) == {1, 4}, "the sample must have something hidden"


def test_the_stamp_says_what_was_asked_for_and_what_came_out(birds):
    stamp = json.loads((birds / "dataset.json").read_text(encoding="utf-8"))
    assert stamp["data_set"] == "birds"
    assert stamp["parameters"] == {
        "genera": GENERA,
        "species": SPECIES,
        "photos": PHOTOS,
        "size": SIZE,
        "seed": 0,
    }
    assert stamp["pictures"]["files"] == IMAGES
    assert len(stamp["tables_sha256"]) == 64


def test_a_second_rendering_writes_the_same_bytes(birds, tmp_path):
    again = make_birds(tmp_path / "again", genera=GENERA, species=SPECIES, photos=PHOTOS, size=SIZE)
    files = [path.relative_to(birds) for path in birds.rglob("*") if path.is_file()]
    assert all((birds / name).read_bytes() == (again / name).read_bytes() for name in files)


def test_no_photos_are_refused(tmp_path):
    with pytest.raises(ValueError, match="photos must be at least 1, not 0"):
        make_birds(tmp_path / "birds", photos=0)
