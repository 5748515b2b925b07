"""Published data sets: from a server with faults to a reader, each in its own layout."""

import hashlib
import stat
import tarfile
import zipfile
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from course_lib.datasets import DatasetError, ImageCollection, read_cub, read_folders
from data_scripts.cli import PUBLICATIONS, app
from data_scripts.download import Archive, DownloadError
from data_scripts.preparation import PreparationError
from data_scripts.publication import Publication, prepare
from tests.data.published import SMALL, Small, cars_labels, picture, tarred, zipped


def archive_of(content: bytes, url: str) -> Archive:
    return Archive(url, "sha256:" + hashlib.sha256(content).hexdigest(), len(content))


@pytest.fixture(params=SMALL)
def small(request) -> Small:
    return SMALL[request.param]


@pytest.fixture
def served(small, server) -> Publication:
    """The publication, its small archive at the loopback server."""
    server.content = small.pack(small.members())
    return small.at(archive_of(server.content, server.url))


def brought(
    name: str, folder: Path, members: dict[str, bytes] | None = None
) -> tuple[Publication, Path]:
    """The publication, and a file of these members that the user brings."""
    small = SMALL[name]
    content = small.pack(small.members() if members is None else members)
    publication = small.at(archive_of(content, "http://127.0.0.1/archive"))
    path = folder / publication.archives[0].name
    path.write_bytes(content)
    return publication, path


def read(folder: Path) -> ImageCollection:
    return (read_cub if (folder / "images.txt").exists() else read_folders)(folder)


def test_every_command_has_its_small_archive_here():
    assert set(SMALL) == {publication.name for publication in PUBLICATIONS}


# --- from the server --------------------------------------------------------------------------


def test_a_cut_download_is_resumed_and_the_set_is_readable(small, served, server, tmp_path):
    server.cuts = [256]
    collection = read(prepare(served, tmp_path / "set"))
    assert server.ranges == [None, "bytes=256-"]
    assert len(collection) == small.count.images
    assert collection.image(0).size == (6, 6)
    splits = {split: int((collection.split == split).sum()) for split in small.count.splits}
    assert splits == small.count.splits


def test_a_finished_set_asks_the_server_for_nothing(served, server, tmp_path):
    folder = prepare(served, tmp_path / "set")
    server.status = 500
    assert prepare(served, folder) == folder
    assert server.ranges == [None]


def test_a_set_that_lost_a_photo_is_noticed_and_made_again_from_the_kept_archive(
    served, server, tmp_path
):
    folder = prepare(served, tmp_path / "set")
    lost = next(path for path in (folder / "images").rglob("*") if path.is_file())
    lost.unlink()
    with pytest.raises(DatasetError):
        read(folder)
    prepare(served, folder)
    assert lost.is_file()
    assert server.ranges == [None]


def test_a_wrong_checksum_leaves_nothing(served, server, tmp_path):
    server.content = server.content[:-1] + b"?"
    with pytest.raises(DownloadError, match="gave a file that is not sha256:"):
        prepare(served, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_an_address_that_is_gone_is_told_with_the_remedy(served, server, tmp_path):
    server.status = 404
    with pytest.raises(DownloadError, match=r"answered 404 Not Found: .* name it with --from"):
        prepare(served, tmp_path / "set")


Usage = namedtuple("Usage", "total used free")


def test_too_small_a_disk_is_told_before_anything_is_fetched(
    served, server, tmp_path, monkeypatch
):
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10**6, 10**6, 5_000))
    with pytest.raises(PreparationError, match=r"make room, or choose another folder with --to"):
        prepare(served, tmp_path / "set")
    assert server.ranges == []


def test_a_disk_that_fills_up_while_unpacking_is_told_and_nothing_half_done_left(
    served, tmp_path, full_disk
):
    told = pytest.raises(PreparationError, match=r"disk of .*set is full: make room and run this")
    with full_disk("*/.set.partial-*"), told:
        prepare(served, tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["archives"]


# --- what is not as published -----------------------------------------------------------------


def test_an_archive_that_lacks_a_photo_is_refused(small, tmp_path):
    name = small.publication.name
    members = small.members()
    photos = (m for m in members if m.lower().endswith((".jpg", "0.png")) and "MACOSX" not in m)
    del members[max(photos)]
    publication, path = brought(name, tmp_path, members)
    with pytest.raises(PreparationError, match=rf"{path.name}.*(get|Get) it again"):
        prepare(publication, tmp_path / "set", source=path)
    assert not (tmp_path / "set").exists()


def test_other_names_than_the_published_are_refused(tmp_path):
    publication, path = brought("eth80", tmp_path)
    pinned = replace(publication, count=replace(publication.count, names_sha256="0" * 64))
    with pytest.raises(PreparationError, match="SHA-256 of the images' names"):
        prepare(pinned, tmp_path / "set", source=path)


@pytest.mark.parametrize("name", ["../../evil.jpg", "/evil.jpg", "a\\..\\evil.jpg", "C:/evil.jpg"])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, pack, name):
    content = pack({name: b"evil"})
    publication = SMALL["sop"].at(archive_of(content, "http://127.0.0.1/a"))
    path = tmp_path / "archive"
    path.write_bytes(content)
    with pytest.raises(PreparationError, match="a name that leads outside"):
        prepare(publication, tmp_path / "set", source=path)
    assert not list(tmp_path.parent.rglob("*evil*"))


@pytest.mark.parametrize("path", ["../../outside.JPG", "/outside.JPG", "bicycle_final/none.JPG"])
def test_a_list_that_names_a_file_outside_moves_nothing(tmp_path, path):
    (tmp_path / "outside.JPG").write_bytes(b"mine")
    path = path.replace("/outside", f"{tmp_path}/outside") if path.startswith("/") else path
    members = SMALL["sop"].members()
    members["Stanford_Online_Products/Ebay_test.txt"] += f"5 3 12 {path}\n".encode()
    publication, archive = brought("sop", tmp_path, members)
    with pytest.raises(PreparationError, match="and has no such photo"):
        prepare(publication, tmp_path / "set", source=archive)
    assert (tmp_path / "outside.JPG").read_bytes() == b"mine"


def test_links_are_refused(tmp_path):
    as_tar, as_zip = tmp_path / "a.tgz", tmp_path / "a.zip"
    with tarfile.open(as_tar, "w:gz") as archive:
        link = tarfile.TarInfo("CUB_200_2011/images/link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with zipfile.ZipFile(as_zip, "w") as archive:
        member = zipfile.ZipInfo("CUB_200_2011/images/link.jpg")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    for path in (as_tar, as_zip):
        publication = SMALL["cub200"].at(archive_of(path.read_bytes(), "http://127.0.0.1/a"))
        with pytest.raises(PreparationError, match=r"link\.jpg', which is a link or special file"):
            prepare(publication, tmp_path / "set", source=path)


def test_a_file_that_is_cut_short_is_named(small, tmp_path):
    content = small.pack(small.members())[:-200]
    publication = small.at(archive_of(content, "http://127.0.0.1/a"))
    path = tmp_path / "short"
    path.write_bytes(content)
    with pytest.raises(PreparationError, match=r"short is corrupt .*get it again"):
        prepare(publication, tmp_path / "set", source=path)


# --- each set's own ---------------------------------------------------------------------------


def products(collection: ImageCollection, split: str) -> list[str]:
    ids = set(collection.subset(split=split).product_ids.tolist())
    return sorted(collection.product_names[i] for i in ids)


def test_eth80_names_an_object_by_its_files_and_splits_by_the_rank_of_its_number(tmp_path):
    publication, path = brought("eth80", tmp_path)
    folder = prepare(publication, tmp_path / "set", source=path)
    collection = read_folders(folder)
    numbers = ["01", "02", "03", "05", "06", "07", "09", "11", "12", "14"]
    cars = [f"car/car{number}" for number in numbers]
    assert products(collection, "train")[6:] == cars[:6]
    assert products(collection, "validation")[2:] == cars[6:8]
    assert products(collection, "test") == ["apple/apple09", "apple/apple10", *cars[8:]]
    assert not list(folder.rglob("*map*"))


def test_sop_is_split_by_product_as_its_lists_say(tmp_path):
    publication, path = brought("sop", tmp_path)
    collection = read_folders(prepare(publication, tmp_path / "set", source=path))
    assert products(collection, "train") == ["bicycle/00001"]
    assert products(collection, "test") == ["bicycle/00002", "toaster/00003"]


def test_cub_keeps_its_files_and_the_list_of_attributes_moves_to_the_others(tmp_path):
    publication, path = brought("cub200", tmp_path)
    folder = prepare(publication, tmp_path / "set", source=path)
    collection = read_cub(folder)
    assert collection.boxes.shape == (3, 4)
    assert set(collection.category_names.values()) == {"Albatross"}
    assert (folder / "attributes" / "attributes.txt").is_file()
    assert (folder / "parts" / "parts.txt").is_file()


def test_aircraft_are_variants_of_manufacturers_with_names_that_can_be_folders(tmp_path):
    publication, path = brought("aircraft", tmp_path)
    collection = read_folders(prepare(publication, tmp_path / "set", source=path))
    assert set(collection.product_names.values()) == {"McDonnell Douglas/F-A-18"}
    assert products(collection, "validation") == ["McDonnell Douglas/F-A-18"]


def test_the_first_98_models_of_cars_are_for_training(tmp_path):
    publication, path = brought("cars196", tmp_path)
    collection = read_folders(prepare(publication, tmp_path / "set", source=path))
    first = "AM General/AM General Hummer SUV 2000"
    assert products(collection, "train") == [first, "Make98/Make98 Model 98 2012"]
    assert products(collection, "test") == [
        "Make196/Make196 Model 196 2012",
        "Ram/Ram C-V Cargo Van Minivan 2012",
    ]


def test_the_two_older_files_of_cars_are_taken_instead(tmp_path):
    photos = tarred({f"car_ims/{i:06d}.jpg": picture("jpeg") for i in range(1, 5)})
    labels = cars_labels()
    for name, content in (("car_ims.tgz", photos), ("cars_annos.mat", labels)):
        (tmp_path / name).write_bytes(content)
    publication = replace(
        SMALL["cars196"].at(archive_of(b"", "http://127.0.0.1/CARS196.zip")),
        instead=tuple(
            archive_of(content, f"http://127.0.0.1/{name}")
            for name, content in (("car_ims.tgz", photos), ("cars_annos.mat", labels))
        ),
    )
    for number, source in enumerate([tmp_path, tmp_path / "car_ims.tgz"]):
        assert len(read_folders(prepare(publication, tmp_path / str(number), source=source))) == 4


def test_a_table_of_cars_that_is_none_is_named(tmp_path):
    members = SMALL["cars196"].members() | {"cars196/cars_annos.mat": b"no table"}
    publication, path = brought("cars196", tmp_path, members)
    with pytest.raises(PreparationError, match=r"cars_annos\.mat is not as published"):
        prepare(publication, tmp_path / "set", source=path)


# --- the commands -----------------------------------------------------------------------------


@pytest.mark.parametrize("publication", PUBLICATIONS, ids=lambda publication: publication.name)
def test_licence_citation_and_split_are_said_before_what_is_missing(publication, tmp_path):
    arguments = [publication.name, "--to", str(tmp_path / "set"), "--from", str(tmp_path / "none")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    for word in ("Licence:", "Please cite:", "Split by", "testing"):
        assert word in result.stdout
    assert "none is missing: get it from http" in result.stderr


def test_the_notice_is_kept_beside_the_images(small, tmp_path):
    publication, path = brought(small.publication.name, tmp_path)
    folder = prepare(publication, tmp_path / "set", source=path)
    assert (folder / "NOTICE.txt").read_text(encoding="utf-8") == publication.notice


def test_the_public_copy_of_eth80_makes_80_objects_and_3280_photos(tmp_path, shared_eth80):
    folder = tmp_path / "eth80"
    result = CliRunner().invoke(app, ["eth80", "--to", str(folder), "--from", str(shared_eth80)])
    assert result.exit_code == 0, result.output
    assert "80 products, 3280 images (1968 for train" in result.stdout
    assert len(read_folders(folder)) == 3280
