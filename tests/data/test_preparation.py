"""A data set comes onto disk whole or not at all, and never over somebody's own files."""

import os
import shutil
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from data_scripts.birds import make_birds
from data_scripts.preparation import (
    PreparationError,
    is_prepared,
    preparation,
    require_space,
)

IDENTITY = {"data_set": "test", "version": 1}
TINY = {"genera": 1, "species": 1, "photos": 3, "size": 16}


def build(folder: Path, identity=IDENTITY, pictures: int = 2) -> None:
    with preparation(folder, identity, ["images"]) as draft:
        (draft / "images").mkdir()
        for number in range(pictures):
            (draft / "images" / f"{number}.png").write_bytes(b"picture")


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_finished_set_is_in_its_place_with_nothing_beside_it(tmp_path):
    build(tmp_path / "set")
    assert is_prepared(tmp_path / "set", IDENTITY)
    assert inside(tmp_path) == ["set"]


def test_a_set_of_another_version_does_not_count_as_prepared_and_is_replaced(tmp_path):
    build(tmp_path / "set", pictures=5)
    newer = {**IDENTITY, "version": 2}
    assert not is_prepared(tmp_path / "set", newer)
    build(tmp_path / "set", newer, pictures=1)
    assert is_prepared(tmp_path / "set", newer)
    assert inside(tmp_path / "set" / "images") == ["0.png"]
    assert inside(tmp_path) == ["set"]


def fail(folder: Path, identity, error: BaseException) -> None:
    with preparation(folder, identity, ["images"]) as draft:
        (draft / "images").mkdir()
        raise error


def test_a_preparation_that_fails_leaves_nothing_behind(tmp_path):
    with pytest.raises(RuntimeError, match="no more paint"):
        fail(tmp_path / "set", IDENTITY, RuntimeError("no more paint"))
    assert inside(tmp_path) == []


def test_a_preparation_that_is_interrupted_leaves_the_earlier_set_as_it_was(tmp_path):
    build(tmp_path / "set")
    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "set", {**IDENTITY, "version": 2}, KeyboardInterrupt())
    assert is_prepared(tmp_path / "set", IDENTITY)
    assert inside(tmp_path) == ["set"]


def lose(folder: Path) -> None:
    (folder / "images" / "1.png").unlink()


def cut(folder: Path) -> None:
    (folder / "images" / "1.png").write_bytes(b"pic")


def unstamp(folder: Path) -> None:
    (folder / "dataset.json").unlink()


def smudge(folder: Path) -> None:
    (folder / "dataset.json").write_text('{"data_set": "te', encoding="utf-8")


def mistake(folder: Path) -> None:
    (folder / "dataset.json").write_text("[]", encoding="utf-8")


@pytest.mark.parametrize("damage", [lose, cut, unstamp, smudge, mistake])
def test_a_damaged_or_half_finished_set_is_not_used_but_redone(tmp_path, damage):
    build(tmp_path / "set")
    damage(tmp_path / "set")
    assert not is_prepared(tmp_path / "set", IDENTITY)
    build(tmp_path / "set")
    assert is_prepared(tmp_path / "set", IDENTITY)


def test_what_a_killed_preparation_left_is_removed_and_a_living_ones_is_not(tmp_path, monkeypatch):
    living = os.getppid()
    monkeypatch.setattr(psutil, "pid_exists", lambda pid: pid == living)
    for name in (".set.partial-999999", f".set.partial-{living}", ".set.notes-2024"):
        (tmp_path / name).mkdir()
    build(tmp_path / "set")
    assert inside(tmp_path) == [".set.notes-2024", f".set.partial-{living}", "set"]


def test_a_folder_with_files_of_its_own_is_refused_and_left_alone(tmp_path):
    thesis = tmp_path / "set" / "thesis.tex"
    thesis.parent.mkdir()
    thesis.write_text("mine", encoding="utf-8")
    with pytest.raises(PreparationError, match=r"holds thesis\.tex.*--to"):
        build(tmp_path / "set")
    assert thesis.read_text(encoding="utf-8") == "mine"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "set").write_text("mine", encoding="utf-8")
    with pytest.raises(PreparationError, match="is a file"):
        build(tmp_path / "set")


def test_an_empty_folder_is_a_fine_place(tmp_path):
    (tmp_path / "set").mkdir()
    build(tmp_path / "set")
    assert is_prepared(tmp_path / "set", IDENTITY)


def test_a_full_disk_is_found_out_before_anything_is_written(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(PreparationError, match=r"needs 2\.0 MB.*1\.0 MB free.*make room"):
        require_space(tmp_path / "not" / "yet" / "there", 2_000_000)
    with pytest.raises(PreparationError, match="make room"):
        make_birds(tmp_path / "birds")
    assert inside(tmp_path) == []


def test_birds_that_are_there_already_are_not_rendered_again(tmp_path):
    folder = make_birds(tmp_path / "birds", **TINY)
    before = (folder / "dataset.json").stat().st_mtime_ns
    make_birds(tmp_path / "birds", **TINY)
    assert (folder / "dataset.json").stat().st_mtime_ns == before


def test_birds_of_another_seed_replace_those_that_are_there(tmp_path):
    folder = make_birds(tmp_path / "birds", **TINY)
    before = (folder / "classes.txt").read_text(encoding="utf-8")
    make_birds(tmp_path / "birds", **TINY, seed=1)
    assert (folder / "classes.txt").read_text(encoding="utf-8") != before


def test_birds_with_a_lost_photo_are_rendered_again(tmp_path):
    folder = make_birds(tmp_path / "birds", **TINY)
    photo = next(folder.rglob("*_0001.jpg"))
    photo.unlink()
    make_birds(tmp_path / "birds", **TINY)
    assert photo.is_file()
