"""Preparing ETH-80: objects by the files' numbers, masks left out, a split by object."""

import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course_lib.datasets import read_folders
from data_scripts.cli import app
from data_scripts.eth80 import NOTICE, make_eth80
from data_scripts.preparation import PreparationError
from data_scripts.unpack import Listing

CARS = [1, 2, 3, 11, 5, 6, 7, 12, 9, 14]  # the file's number in folders 1 to 10
SMALL = Listing(files=40)  # 2 categories x 10 objects x 2 views


@pytest.fixture
def archive(tmp_path, save_image) -> Path:
    """Two categories in the public copy's layout."""
    picture = save_image(tmp_path / "picture.png").read_bytes()
    path = tmp_path / "ETH-80-master.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("ETH-80-master/README.md", "about")
        for category, name, numbers in [(1, "apple", range(1, 11)), (2, "car", CARS)]:
            packed.writestr(f"ETH-80-master/{category}/{name}.txt", "")
            for folder, number in enumerate(numbers, 1):
                for view in ("000-000", "022-090"):
                    place = f"ETH-80-master/{category}/{folder}"
                    packed.writestr(f"{place}/{name}{number}-{view}.png", picture)
                    packed.writestr(f"{place}/maps/{name}{number}-{view}-map.png", b"mask")
    return path


def prepare(tmp_path: Path, published: Listing = SMALL) -> Path:
    return make_eth80(tmp_path / "eth80", source=tmp_path, published=published)


def products(collection, split: str, category: str) -> list[str]:
    chosen = collection.subset(split=split)
    names = {collection.product_names[i] for i in chosen.product_ids.tolist()}
    return sorted(name for name in names if name.startswith(category))


def test_an_object_is_named_by_its_files_and_split_by_the_rank_of_its_number(tmp_path, archive):
    collection = read_folders(prepare(tmp_path))
    cars = ["01", "02", "03", "05", "06", "07", "09", "11", "12", "14"]
    assert products(collection, "train", "car") == [f"car/car{n}" for n in cars[:6]]
    assert products(collection, "validation", "car") == [f"car/car{n}" for n in cars[6:8]]
    assert products(collection, "test", "car") == [f"car/car{n}" for n in cars[8:]]
    assert products(collection, "test", "apple") == ["apple/apple09", "apple/apple10"]


def test_masks_are_left_out_and_the_notice_lies_beside_the_photos(tmp_path, archive):
    folder = prepare(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [
        "NOTICE.txt",
        "dataset.json",
        "images",
    ]
    assert not list(folder.rglob("*map*"))
    assert (folder / "NOTICE.txt").read_text(encoding="utf-8") == NOTICE


def test_a_finished_set_needs_no_archive_and_a_lost_photo_is_noticed(tmp_path, archive):
    folder = prepare(tmp_path)
    lost = next(folder.rglob("car14-000-000.png"))
    content = lost.read_bytes()
    lost.unlink()
    with pytest.raises(ValueError, match="has 39 pictures, and dataset.json says 40"):
        read_folders(folder)
    prepare(tmp_path)
    assert lost.read_bytes() == content
    archive.unlink()
    assert prepare(tmp_path) == folder


def test_an_archive_that_is_not_whole_is_refused_and_nothing_left(tmp_path, archive):
    with pytest.raises(PreparationError, match=r"gave 40 files, and the published set has 3280"):
        prepare(tmp_path, Listing(files=3280))
    assert not (tmp_path / "eth80").exists()


def test_other_names_than_the_published_are_refused(tmp_path, archive):
    with pytest.raises(PreparationError, match=r"of other names than the published"):
        prepare(tmp_path, Listing(files=40, sha256="0" * 64))


def test_the_command_says_licence_and_citation_before_what_is_missing(tmp_path):
    source = tmp_path / "absent.zip"
    result = CliRunner().invoke(app, ["eth80", "--to", str(tmp_path), "--from", str(source)])
    assert result.exit_code == 1
    assert "Licence: that copy states none" in result.stdout
    assert "absent.zip is missing: get it from https://github.com/" in result.stderr


def test_the_public_copy_makes_8_categories_80_objects_and_3280_photos(tmp_path, shared_eth80):
    folder = tmp_path / "eth80"
    result = CliRunner().invoke(app, ["eth80", "--to", str(folder), "--from", str(shared_eth80)])
    assert result.exit_code == 0, result.output
    collection = read_folders(folder)
    assert len(collection) == 3280
    assert len(set(collection.category_ids.tolist())) == 8
    sizes = {split: len(collection.subset(split=split)) for split in ("train", "validation", "test")}
    assert sizes == {"train": 1968, "validation": 656, "test": 656}
