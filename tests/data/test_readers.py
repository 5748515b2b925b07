"""The readers: what they give for a right layout, and what they say about a wrong one."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib.datasets import (
    DatasetError,
    ImageCollection,
    read_cub,
    read_folders,
    read_omniglot,
)

GENERA, SPECIES, PHOTOS, SIZE = 3, 2, 5, 48
IMAGES = GENERA * SPECIES * PHOTOS


@pytest.fixture
def own_birds(birds, tmp_path) -> Path:
    """A copy of the birds that a test may damage."""
    return shutil.copytree(birds, tmp_path / "birds")


def pictures(*levels: int) -> tuple[Image.Image, ...]:
    return tuple(Image.new("RGB", (4, 4), (level, level, level)) for level in levels)


def in_memory(**changes) -> ImageCollection:
    """Four grey pictures: products 7, 7, 8, 9 in categories 0, 0, 0, 1."""
    fields = {
        "sources": pictures(0, 51, 102, 255),
        "product_ids": [7, 7, 8, 9],
        "category_ids": [0, 0, 0, 1],
        "split": ["train", "test", "train", "test"],
    }
    return ImageCollection(**(fields | changes))


# --- the collection ---------------------------------------------------------------------------


def test_a_tensor_holds_the_images_channel_first_between_0_and_1():
    tensor = in_memory().tensor(size=4)
    assert tensor.dtype == torch.float32
    assert tensor.shape == (4, 3, 4, 4)
    torch.testing.assert_close(tensor[:, 0, 0, 0], torch.tensor([0.0, 0.2, 0.4, 1.0]))


@pytest.mark.parametrize(
    "indices",
    [[3, 1], np.array([3, 1]), torch.tensor([3, 1]), slice(None, 0, -2)],
    ids=["list", "array", "tensor", "slice"],
)
def test_a_tensor_follows_the_order_of_any_indices(indices):
    tensor = in_memory().tensor(indices, size=2)
    torch.testing.assert_close(tensor[:, 0, 0, 0], torch.tensor([1.0, 0.2]))


def test_a_mask_selects_and_an_empty_selection_gives_an_empty_tensor():
    collection = in_memory()
    assert collection.tensor(collection.product_ids == 7, size=2).shape == (2, 3, 2, 2)
    assert collection.tensor([], size=2).shape == (0, 3, 2, 2)


def test_a_subset_keeps_ids_names_and_boxes_and_meets_every_condition():
    boxes = np.arange(16).reshape(4, 4)
    collection = in_memory(product_names={7: "seven"}, boxes=boxes)
    subset = collection.subset([3, 2, 1], split="test", categories=[0])
    assert len(subset) == 1
    assert subset.product_ids.tolist() == [7]
    assert subset.product_names[7] == "seven"
    assert subset.boxes.tolist() == [[4, 5, 6, 7]]
    assert collection.subset(products=[8, 9]).product_ids.tolist() == [8, 9]


def test_a_subset_keeps_attributes_parts_and_their_names():
    parts = np.arange(24).reshape(4, 2, 3)
    collection = in_memory(
        attributes=[[0], [1], [0], [1]],
        attribute_names=["crested"],
        parts=parts,
        part_names=["beak", "tail"],
    )
    subset = collection.subset([3, 0])
    assert subset.attributes.dtype == bool
    assert subset.attributes.tolist() == [[True], [False]]
    assert subset.attribute_names == ("crested",)
    assert subset.parts.tolist() == parts[[3, 0]].tolist()
    assert subset.part_names == ("beak", "tail")


def test_ids_are_int64_and_cannot_be_changed():
    collection = in_memory()
    assert collection.product_ids.dtype == collection.category_ids.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        collection.product_ids[0] = 1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"product_ids": [1, 2]}, ValueError, r"product_ids must have shape \(4,\)"),
        ({"category_ids": [0.0, 0, 0, 1]}, TypeError, "category_ids must be integers"),
        ({"split": ["train"] * 3 + ["valid"]}, ValueError, "not 'valid'"),
        ({"boxes": np.zeros((4, 2))}, ValueError, r"boxes must have shape \(4, 4\)"),
        ({"attributes": np.zeros((4, 2))}, ValueError, r"attributes must have shape \(4, 0\)"),
        ({"parts": np.zeros((4, 2))}, ValueError, r"parts must have shape \(4, 0, 3\)"),
        ({"category_ids": [0, 1, 0, 1]}, ValueError, "product 7 is in more than one category"),
    ],
)
def test_labels_that_cannot_be_are_refused_by_name(changes, error, message):
    with pytest.raises(error, match=message):
        in_memory(**changes)


def test_crops_are_the_whole_the_central_square_or_the_square_around_the_box():
    picture = Image.new("RGB", (40, 20), (0, 0, 0))
    picture.paste((255, 255, 255), (30, 5, 38, 9))
    collection = in_memory(sources=(picture,) * 4, boxes=[[30, 5, 8, 4]] * 4)
    assert collection.image(0).size == (40, 20)
    assert collection.image(0, size=10).size == (10, 10)
    assert collection.image(0, crop="center").size == (20, 20)
    around = np.asarray(collection.image(0, crop="box"))[..., 0]
    assert around.shape == (8, 8)
    assert (around[2:6] == 255).all()
    assert (around[:2] == 0).all()


def test_the_square_around_a_box_at_the_edge_stays_in_the_image():
    collection = in_memory(sources=pictures(9, 9, 9, 9), boxes=[[3, 0, 1, 4]] * 4)
    assert (np.asarray(collection.image(0, crop="box")) == 9).all()


def test_parts_move_with_the_crop_and_its_scale():
    parts = [[[31, 6, 1], [10, 5, 1], [33, 7, 0]]] * 4
    collection = in_memory(
        sources=(Image.new("RGB", (40, 20)),) * 4,
        boxes=[[30, 5, 8, 4]] * 4,
        parts=parts,
        part_names=("beak", "tail", "crown"),
    )
    assert collection.parts_in(0).tolist() == parts[0]
    assert collection.parts_in(0, crop="center")[:2].tolist() == [[21, 6, 0], [0, 5, 1]]
    # The square around the box begins at (30, 3) and is 8 wide: 16 pixels double it.
    seen = collection.parts_in(0, size=16, crop="box").tolist()
    assert seen == [[2, 6, 1], [-40, 4, 0], [6, 8, 0]]


def test_parts_of_a_collection_without_any_are_refused():
    with pytest.raises(ValueError, match="knows no parts: read it with parts=True"):
        in_memory().parts_in(0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"crop": "box"}, "needs boxes"),
        ({"crop": "middle"}, "crop must be one of full, center, box"),
        ({"size": 0}, "size must be at least 1"),
    ],
)
def test_a_crop_or_size_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        in_memory().image(0, **arguments)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="not 'valid'"):
        in_memory().subset(split="valid")


def test_the_readers_need_no_torch_until_a_tensor_is_asked_for():
    program = (
        "import sys; from course_lib.datasets import read_cub; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# --- CUB --------------------------------------------------------------------------------------


def test_birds_are_read_with_species_as_products_and_genera_as_categories(birds):
    collection = read_cub(birds)
    assert len(collection) == IMAGES
    assert np.bincount(collection.product_ids).tolist() == [PHOTOS] * (GENERA * SPECIES)
    np.testing.assert_array_equal(collection.category_ids, collection.product_ids // SPECIES)
    assert (collection.split == "train").sum() == 3 * GENERA * SPECIES
    assert collection.boxes.shape == (IMAGES, 4)
    for product in range(GENERA * SPECIES):
        genus = collection.category_names[product // SPECIES]
        assert collection.product_names[product].endswith(f" {genus}")


def test_birds_come_as_tensors_of_the_whole_picture_or_of_the_box(birds):
    collection = read_cub(birds)
    whole = collection.tensor([0, 1], size=32)
    boxed = collection.tensor([0, 1], size=32, crop="box")
    assert whole.shape == boxed.shape == (2, 3, 32, 32)
    assert not torch.equal(whole, boxed)


def test_the_real_cub_takes_its_categories_from_the_last_word_of_the_class(own_birds):
    """The published files have no class_genus.txt, and may have no boxes."""
    (own_birds / "class_genus.txt").unlink()
    (own_birds / "bounding_boxes.txt").unlink()
    names = ["Black_footed_Albatross", "Indigo_Bunting", "Laysan_Albatross", "Ovenbird"]
    names += ["Painted_Bunting", "Sooty_Albatross"]
    text = "".join(f"{i} {i:03d}.{name}\n" for i, name in enumerate(names, 1))
    (own_birds / "classes.txt").write_text(text, encoding="utf-8")
    collection = read_cub(own_birds)
    assert collection.product_names[0] == "Black footed Albatross"
    categories = collection.category_ids.reshape(-1, PHOTOS)[:, 0].tolist()
    assert categories == [0, 1, 0, 2, 1, 0]
    assert collection.category_names == {0: "Albatross", 1: "Bunting", 2: "Ovenbird"}
    assert collection.boxes is None


@pytest.mark.parametrize("name", ["images.txt", "classes.txt", "train_test_split.txt"])
def test_a_missing_file_of_cub_is_named_with_the_remedy(own_birds, name):
    (own_birds / name).unlink()
    with pytest.raises(DatasetError, match=rf"{name} is missing: make the birds with `course data"):
        read_cub(own_birds)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("images.txt", "2 001.", "x 001.", "images.txt, line 2: expected"),
        ("images.txt", "2 001.", "1 001.", "images.txt, line 2: expected"),
        ("image_class_labels.txt", "30 6\n", "", "image_class_labels.txt lacks number 30"),
        ("image_class_labels.txt", "30 6\n", "30 99\n", "image 30 is of class 99"),
        ("image_class_labels.txt", "30 6\n", "30 six\n", "image 30 has 'six', not a number"),
        ("train_test_split.txt", "30 ", "31 ", "train_test_split.txt lacks number 30"),
        ("class_genus.txt", "6 3 ", "7 3 ", "class_genus.txt lacks number 6"),
        ("bounding_boxes.txt", "30 ", "30 wide ", "bounding_boxes.txt: four numbers"),
        ("images.txt", "_0001.jpg", "_9999.jpg", "_9999.jpg is missing, though images.txt"),
    ],
)
def test_a_damaged_line_of_cub_is_named(own_birds, replace_in, name, old, new, message):
    path = own_birds / name
    replace_in(path, old, "\0")
    text = path.read_text(encoding="utf-8").replace("\0", new, 1).replace("\0", old)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        read_cub(own_birds)


def test_attributes_and_parts_are_read_only_if_asked_for(own_birds):
    for name in ("attributes", "parts"):
        shutil.rmtree(own_birds / name)
    collection = read_cub(own_birds)
    assert collection.attributes is None
    assert collection.parts is None
    with pytest.raises(DatasetError, match=r"attributes\.txt is missing: make the birds"):
        read_cub(own_birds, attributes=True)
    with pytest.raises(DatasetError, match=r"parts\.txt is missing: make the birds"):
        read_cub(own_birds, parts=True)


def test_attributes_and_parts_of_the_birds_are_those_of_their_files(birds):
    collection = read_cub(birds, attributes=True, parts=True)
    assert collection.attributes.shape == (IMAGES, len(collection.attribute_names))
    assert collection.attribute_names[0] == "has_back_color::brown"
    assert collection.part_names[1] == "beak"
    lines = (birds / "attributes" / "image_attribute_labels.txt").read_text().splitlines()
    expected = [line.split()[2] == "1" for line in lines]  # they are in order
    assert collection.attributes.flatten().tolist() == expected
    image, part, x, y, visible = (birds / "parts" / "part_locs.txt").read_text().split()[-5:]
    assert (int(image), int(part)) == (IMAGES, len(collection.part_names))
    last = collection.parts[-1, -1]
    np.testing.assert_allclose(last, [float(x), float(y), float(visible)], rtol=1e-6)


def test_the_published_attributes_are_read_in_any_order_with_ragged_lines(own_birds):
    """The published file has a number too many in some lines, and certainties of all kinds."""
    path = own_birds / "attributes" / "image_attribute_labels.txt"
    expected = read_cub(own_birds, attributes=True).attributes
    lines = path.read_text(encoding="utf-8").splitlines()[::-1]
    image, attribute, present, *_ = lines[3].split()
    lines[3] = f"{image} {attribute} {present} 1 0 3.701"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.testing.assert_array_equal(read_cub(own_birds, attributes=True).attributes, expected)


@pytest.mark.parametrize("place", ["attributes.txt", "../attributes.txt"], ids=["in", "above"])
def test_the_attributes_names_may_lie_in_the_folder_or_above_it(own_birds, place):
    (own_birds / "attributes" / "attributes.txt").rename(own_birds / place)
    assert read_cub(own_birds, attributes=True).attribute_names[0] == "has_back_color::brown"


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("attributes/image_attribute_labels.txt", "30 88 ", "30 87 ", "has 2 lines for image 30"),
        ("attributes/image_attribute_labels.txt", "30 88 ", "30 99 ", "has number 99, unlike"),
        ("attributes/image_attribute_labels.txt", "30 88 ", "31 88 ", "has number 31, unlike"),
        ("attributes/image_attribute_labels.txt", "30 88 ", "30 x ", "3 numbers a line are"),
        ("attributes/attributes.txt", "88 ", "89 ", "has number 88, unlike"),
        ("parts/part_locs.txt", "30 15 ", "30\n", "5 numbers a line are"),
        ("parts/part_locs.txt", "30 15 ", "30 14 ", "has 2 lines for image 30 and number 14"),
    ],
)
def test_a_damaged_line_of_attributes_or_parts_is_named(own_birds, name, old, new, message):
    path = own_birds / name
    text = path.read_text(encoding="utf-8")
    before, _, after = text.rpartition(f"\n{old}")
    path.write_text(f"{before}\n{new}{after}", encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        read_cub(own_birds, attributes=True, parts=True)


def test_attributes_or_parts_without_a_line_are_named(own_birds):
    (own_birds / "parts" / "part_locs.txt").write_text("", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"part_locs\.txt: 5 numbers a line are expected"):
        read_cub(own_birds, parts=True)


def test_an_empty_file_of_cub_is_named(own_birds):
    (own_birds / "images.txt").write_text("", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"images\.txt is empty"):
        read_cub(own_birds)


def test_a_lost_picture_is_found_when_reading_and_not_in_the_middle_of_training(own_birds):
    next(own_birds.rglob("*_0003.jpg")).unlink()
    with pytest.raises(DatasetError, match=r"_0003\.jpg is missing, though images\.txt lists it"):
        read_cub(own_birds)


def test_a_truncated_picture_is_named_with_the_remedy(own_birds):
    photo = sorted(own_birds.rglob("*.jpg"))[0]
    photo.write_bytes(photo.read_bytes()[:400])
    with pytest.raises(DatasetError, match=rf"{photo.name} is truncated.*prepare the data set"):
        read_cub(own_birds).tensor()


def test_a_file_that_is_no_picture_is_named(own_birds):
    photo = sorted(own_birds.rglob("*.jpg"))[0]
    photo.write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises(DatasetError, match=rf"{photo.name} is truncated or no picture"):
        read_cub(own_birds).image(0)


# --- category/product/image folders -----------------------------------------------------------


@pytest.fixture
def shelf(tmp_path, save_image) -> Path:
    """cups/red (2 images), cups/blue, pots/red."""
    folder = tmp_path / "shelf"
    for name in ("cups/red/1.png", "cups/red/2.JPG", "cups/blue/1.png", "pots/red/1.png"):
        save_image(folder / name)
    return folder


def test_folders_are_read_by_name_and_products_told_apart_across_categories(shelf):
    (shelf / "notes.txt").write_text("no image", encoding="utf-8")
    (shelf / "cups" / "red" / ".hidden.png").write_bytes(b"")
    collection = read_folders(shelf)
    assert collection.product_ids.tolist() == [0, 1, 1, 2]
    assert collection.category_ids.tolist() == [0, 0, 0, 1]
    assert collection.product_names == {0: "cups/blue", 1: "cups/red", 2: "pots/red"}
    assert collection.category_names == {0: "cups", 1: "pots"}
    assert set(collection.split) == {"train"}
    assert collection.tensor(size=5).shape == (4, 3, 5, 5)


def test_train_and_test_on_top_are_the_split_and_share_products(tmp_path, save_image):
    for name in ("train/cups/red/1.png", "test/cups/red/2.png", "test/cups/blue/1.png"):
        save_image(tmp_path / name)
    collection = read_folders(tmp_path)
    by_name = {p.parent.name + p.name: i for i, p in enumerate(collection.sources)}
    one, two, three = (by_name[name] for name in ("red1.png", "red2.png", "blue1.png"))
    assert collection.split[[one, two, three]].tolist() == ["train", "test", "test"]
    assert collection.product_ids[one] == collection.product_ids[two]
    assert collection.product_ids[one] != collection.product_ids[three]


@pytest.mark.parametrize("name", ["1.png", "cups/1.png", "cups/red/deeper/1.png"])
def test_an_image_on_the_wrong_level_is_named_with_the_layout(shelf, save_image, name):
    save_image(shelf / name)
    with pytest.raises(DatasetError, match=r"1\.png lies on the wrong level.*category/product"):
        read_folders(shelf)


def test_an_empty_product_or_category_is_named(shelf):
    (shelf / "pots" / "blue").mkdir()
    with pytest.raises(DatasetError, match="blue has no images"):
        read_folders(shelf)
    (shelf / "pots" / "blue").rmdir()
    (shelf / "pans").mkdir()
    with pytest.raises(DatasetError, match="pans has no folders"):
        read_folders(shelf)


@pytest.mark.parametrize("reader", [read_folders, read_omniglot])
def test_a_folder_that_is_not_there_is_named(tmp_path, reader):
    with pytest.raises(DatasetError, match="nowhere is no folder"):
        reader(tmp_path / "nowhere")


# --- Omniglot ---------------------------------------------------------------------------------


@pytest.fixture
def prepared_omniglot(tmp_path, save_image) -> Path:
    folder = tmp_path / "omniglot"
    for name in ("Greek/character01/0394_01", "Greek/character02/0395_01", "Tagalog/character01/1"):
        save_image(folder / "images" / f"{name}.png")
    (folder / "alphabets.txt").write_text("Greek train\nTagalog test\n", encoding="utf-8")
    return folder


def test_omniglot_has_alphabets_as_categories_and_characters_as_products(prepared_omniglot):
    collection = read_omniglot(prepared_omniglot)
    assert collection.category_names == {0: "Greek", 1: "Tagalog"}
    assert collection.product_names[2] == "Tagalog/character01"
    assert collection.split.tolist() == ["train", "train", "test"]


def test_a_published_archive_of_omniglot_is_read_as_it_is_unpacked(prepared_omniglot):
    collection = read_omniglot(prepared_omniglot / "images")
    assert collection.product_ids.tolist() == [0, 1, 2]
    assert set(collection.split) == {"train"}


def test_folders_that_are_no_characters_are_named(tmp_path, save_image):
    save_image(tmp_path / "images_background_small1" / "Greek" / "character01" / "1.png")
    with pytest.raises(DatasetError, match="Greek is no character"):
        read_omniglot(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Greek train\n", r"alphabets\.txt lacks Tagalog"),
        ("Greek train\nTagalog\n", r"alphabets\.txt, line 2"),
        (None, r"alphabets\.txt is missing"),
    ],
)
def test_a_damaged_list_of_alphabets_is_named(prepared_omniglot, text, message):
    path = prepared_omniglot / "alphabets.txt"
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        read_omniglot(prepared_omniglot)


@pytest.mark.parametrize(
    ("stamp", "message"),
    [
        ('{"pictures": {"files": 4}}', "has 3 pictures, and dataset.json says 4"),
        ('{"pictures": ', r"dataset\.json is damaged"),
    ],
)
def test_a_prepared_set_that_lost_drawings_is_not_used(prepared_omniglot, stamp, message):
    (prepared_omniglot / "dataset.json").write_text(stamp, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        read_omniglot(prepared_omniglot)
