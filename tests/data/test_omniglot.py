"""Preparing Omniglot: two overlapping archives, merged; damaged and hostile ones refused."""

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest

from course_lib.datasets import read_omniglot
from data_scripts.download import Archive
from data_scripts.omniglot import NOTICE, make_omniglot
from data_scripts.preparation import PreparationError


def drawing(save_image, folder: Path, level: int = 128) -> bytes:
    return save_image(folder / "drawing.png", level=level).read_bytes()


def pack(path: Path, members: dict[str, bytes]) -> Archive:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return archive_of(path)


def archive_of(path: Path) -> Archive:
    content = path.read_bytes()
    return Archive(
        url=f"http://127.0.0.1/{path.name}",
        checksum="sha256:" + hashlib.sha256(content).hexdigest(),
        size=len(content),
    )


@pytest.fixture
def archives(tmp_path, save_image) -> list[Archive]:
    """small1 has Greek and Korean, small2 Greek and Tagalog; Greek is the same in both."""
    content = drawing(save_image, tmp_path)
    greek = "Greek/character01/0394_01.png"
    return [
        pack(
            tmp_path / "small1.zip",
            {"one/": b"", f"one/{greek}": content, "one/Korean/character01/0540_01.png": content},
        ),
        pack(
            tmp_path / "small2.zip",
            {f"two/{greek}": content, "two/Tagalog/character01/0910_01.png": content},
        ),
    ]


def prepare(tmp_path: Path, archives: list[Archive]) -> Path:
    return make_omniglot(tmp_path / "omniglot", source=tmp_path, archives=archives)


def test_shared_alphabets_are_kept_once_and_only_new_ones_are_for_testing(tmp_path, archives):
    collection = read_omniglot(prepare(tmp_path, archives))
    assert list(collection.category_names.values()) == ["Greek", "Korean", "Tagalog"]
    assert collection.split.tolist() == ["train", "train", "test"]


def test_the_notice_with_licence_and_citation_lies_beside_the_drawings(tmp_path, archives):
    folder = prepare(tmp_path, archives)
    assert (folder / "NOTICE.txt").read_text(encoding="utf-8") == NOTICE
    assert "MIT License" in NOTICE
    assert "Science, 350" in NOTICE


def test_a_finished_set_needs_no_archives_any_more(tmp_path, archives):
    folder = prepare(tmp_path, archives)
    (tmp_path / "small1.zip").unlink()
    assert prepare(tmp_path, archives) == folder


def test_a_set_with_a_lost_drawing_is_made_again(tmp_path, archives):
    folder = prepare(tmp_path, archives)
    lost = next(folder.rglob("0540_01.png"))
    lost.unlink()
    prepare(tmp_path, archives)
    assert lost.is_file()


def test_two_different_drawings_of_one_name_are_refused(tmp_path, archives, save_image):
    other = drawing(save_image, tmp_path, level=7)
    archives[1] = pack(tmp_path / "small2.zip", {"two/Greek/character01/0394_01.png": other})
    with pytest.raises(PreparationError, match=r"small2\.zip: two/Greek.* differs"):
        prepare(tmp_path, archives)
    assert not (tmp_path / "omniglot").exists()


def test_an_archive_of_another_version_is_refused_by_its_checksum(tmp_path, archives):
    with zipfile.ZipFile(tmp_path / "small2.zip", "a") as archive:
        archive.writestr("two/More/character01/1.png", b"more")
    with pytest.raises(PreparationError, match=r"small2\.zip is corrupt or another version"):
        prepare(tmp_path, archives)


def test_a_file_that_is_no_archive_is_named(tmp_path, archives):
    (tmp_path / "small2.zip").write_bytes(b"<html>not found</html>")
    archives[1] = archive_of(tmp_path / "small2.zip")
    with pytest.raises(PreparationError, match=r"small2\.zip is corrupt .*get it again"):
        prepare(tmp_path, archives)


def test_a_damaged_member_is_found(tmp_path, archives):
    path = tmp_path / "small2.zip"
    content = path.read_bytes()
    position = content.index(b"\x89PNG") + 20
    path.write_bytes(content[:position] + b"\xff\xff" + content[position + 2 :])
    archives[1] = archive_of(path)
    with pytest.raises(PreparationError, match=r"small2\.zip is corrupt .*Bad CRC"):
        prepare(tmp_path, archives)
    assert not (tmp_path / "omniglot").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../Greek/character01/../../../evil.png",
        "two/../../evil.png",
        "two/../character01/evil.png",
        "/two/Greek/evil.png/evil.png",
        "two/Greek/character01/evil.exe",
        "two/Greek/evil.png",
        "two/C:/character01/evil.png",
        "two/Greek/..\\..\\evil/evil.png",
    ],
)
def test_a_name_that_is_no_drawing_is_refused_and_nothing_written(tmp_path, archives, name):
    archives[1] = pack(tmp_path / "small2.zip", {name: b"evil"})
    with pytest.raises(PreparationError, match=r"small2\.zip holds .* not set/alphabet"):
        prepare(tmp_path, archives)
    assert not list(tmp_path.parent.rglob("*evil*"))
    assert not (tmp_path / "omniglot").exists()


def test_a_symbolic_link_in_an_archive_is_refused(tmp_path, archives):
    path = tmp_path / "small2.zip"
    link = zipfile.ZipInfo("two/Greek/character01/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    archives[1] = archive_of(path)
    with pytest.raises(PreparationError, match=r"link\.png"):
        prepare(tmp_path, archives)


def test_a_drawing_of_absurd_size_is_refused(tmp_path, archives):
    archives[1] = pack(tmp_path / "small2.zip", {"two/Greek/character01/1.png": b"0" * 200_000})
    with pytest.raises(PreparationError, match=r"small2\.zip holds"):
        prepare(tmp_path, archives)


def test_the_published_archives_make_8_alphabets_242_characters_and_4840_drawings(
    tmp_path, shared_omniglot
):
    collection = read_omniglot(make_omniglot(tmp_path / "omniglot", source=shared_omniglot))
    assert len(collection) == 4840
    assert len(set(collection.category_ids.tolist())) == 8
    assert len(set(collection.product_ids.tolist())) == 242
    unseen = collection.subset(split="test")
    assert len(set(unseen.product_ids.tolist())) == 106
    names = {collection.category_names[i] for i in unseen.category_ids.tolist()}
    assert names == {"Japanese_(katakana)", "Sanskrit", "Tagalog"}
    assert collection.image(0).size == (105, 105)
