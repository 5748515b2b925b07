"""Downloads from a loopback server that cuts connections, lies and forgets."""

import gzip
from pathlib import Path

import pytest

from data_scripts.download import DownloadError, fetch, verified
from data_scripts.preparation import PreparationError
from tests.data.loopback import CONTENT, Server


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_fetched_whole_and_not_again(server, tmp_path):
    path = fetch(server.archive(), tmp_path)
    assert path.read_bytes() == CONTENT
    assert fetch(server.archive(), tmp_path) == path
    assert server.ranges == [None]
    assert inside(tmp_path) == ["archive.zip"]


def test_a_cut_connection_is_resumed_where_it_stopped(server, tmp_path):
    server.cuts = [98_304, 49_152]
    assert fetch(server.archive(), tmp_path).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=98304-", "bytes=147456-"]


def test_a_server_that_always_cuts_is_given_up_and_what_came_is_kept_for_the_next_call(
    server, tmp_path
):
    server.cuts = [8192] * 4
    with pytest.raises(DownloadError, match=r"archive\.zip could not.*32768 bytes are kept.*again"):
        fetch(server.archive(), tmp_path)
    assert inside(tmp_path) == ["archive.zip.part"]
    assert fetch(server.archive(), tmp_path).read_bytes() == CONTENT
    assert server.ranges[-1] == "bytes=32768-"


def test_a_server_without_ranges_begins_anew(server, tmp_path):
    server.knows_ranges = False
    server.cuts = [98_304]
    assert fetch(server.archive(), tmp_path).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=98304-"]


def test_a_wrong_checksum_names_the_address_and_leaves_no_file(server, tmp_path):
    server.content = CONTENT[::-1]
    with pytest.raises(DownloadError, match=r"archive\.zip gave a file that is not sha256:"):
        fetch(server.archive(), tmp_path)
    assert inside(tmp_path) == []


@pytest.mark.parametrize("kept", [b"of an older file", CONTENT + b"too long"])
def test_a_kept_beginning_that_does_not_fit_is_thrown_away_and_all_fetched_anew(
    server, tmp_path, kept
):
    (tmp_path / "archive.zip.part").write_bytes(kept)
    assert fetch(server.archive(), tmp_path).read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(kept)}-", None]


def test_a_part_that_is_already_complete_is_taken(server, tmp_path):
    (tmp_path / "archive.zip.part").write_bytes(CONTENT)
    assert fetch(server.archive(), tmp_path).read_bytes() == CONTENT
    assert inside(tmp_path) == ["archive.zip"]


def test_a_damaged_file_of_an_earlier_download_is_replaced(server, tmp_path):
    (tmp_path / "archive.zip").write_bytes(b"damaged")
    assert fetch(server.archive(), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusal_is_told_with_address_status_and_remedy(server, tmp_path, status):
    server.status = status
    with pytest.raises(DownloadError, match=rf"archive\.zip answered {status} .*--from"):
        fetch(server.archive(), tmp_path)
    assert server.ranges == [None]


def test_a_server_that_is_not_there_is_told_with_the_remedy(server, tmp_path):
    url = "http://127.0.0.1:9/archive.zip"  # the discard port: nothing listens
    with pytest.raises(DownloadError, match=r"could not be downloaded.*--from"):
        fetch(server.archive(url=url), tmp_path)


def test_a_file_larger_than_the_disk_is_not_begun(server, tmp_path):
    with pytest.raises(RuntimeError, match="make room"):
        fetch(server.archive(size=10**18), tmp_path)
    assert server.ranges == []


def test_a_server_that_falls_silent_is_asked_again_for_the_rest(server, tmp_path):
    server.silences = [98_304]
    assert fetch(server.archive(), tmp_path, timeout=0.1).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=98304-"]


def test_a_disk_that_fills_up_is_told_and_what_came_is_kept(server, tmp_path, full_disk):
    part = tmp_path / "archive.zip.part"
    part.write_bytes(CONTENT[:8192])
    told = pytest.raises(PreparationError, match=r"disk of .* is full: make room and run this")
    with full_disk("*.part"), told:
        fetch(server.archive(), tmp_path)
    assert fetch(server.archive(), tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=8192-", "bytes=8192-"]


def test_an_archive_that_the_server_calls_an_encoding_is_kept_as_it_is(server, tmp_path):
    server.content = gzip.compress(CONTENT, mtime=0)
    server.encoding = "x-gzip"
    archive = server.archive(checksum=None, size=len(server.content))
    assert fetch(archive, tmp_path).read_bytes() == server.content


def test_an_archive_without_a_checksum_is_pinned_when_first_fetched(server, tmp_path):
    archive = server.archive(checksum=None)
    path = fetch(archive, tmp_path)
    digest = server.archive().checksum.removeprefix("sha256:")
    lock = tmp_path / "archive.zip.sha256"
    assert lock.read_text(encoding="utf-8") == f"{digest}  archive.zip\n"
    path.unlink()
    server.content = CONTENT[::-1]
    with pytest.raises(DownloadError, match=r"is not sha256:.*or remove .*archive\.zip\.sha256"):
        fetch(archive, tmp_path)
    lock.unlink()
    assert fetch(archive, tmp_path).read_bytes() == CONTENT[::-1]


def test_a_damaged_pin_is_named(server, tmp_path):
    (tmp_path / "archive.zip.sha256").write_text("", encoding="utf-8")
    with pytest.raises(DownloadError, match=r"archive\.zip\.sha256 is damaged: remove it"):
        fetch(server.archive(checksum=None), tmp_path)


def test_an_md5_is_a_checksum_too(server, tmp_path):
    with pytest.raises(DownloadError, match="is not md5:0123"):
        fetch(server.archive(checksum="md5:0123456789abcdef0123456789abcdef"), tmp_path)


def test_progress_is_shown_when_asked_for(server, tmp_path, capsys):
    fetch(server.archive(), tmp_path, progress=True)
    assert "100%" in capsys.readouterr().err


def test_an_archive_is_brought_as_a_file_or_in_a_folder(tmp_path):
    archive = Server(url="http://127.0.0.1/archive.zip").archive()
    renamed = tmp_path / "renamed (1).zip"
    renamed.write_bytes(CONTENT)
    assert verified(archive, renamed) == renamed


def test_an_archive_that_the_user_brings_is_checked_and_named(tmp_path):
    archive = Server(url="http://127.0.0.1/archive.zip").archive()
    with pytest.raises(DownloadError, match=r"archive\.zip is missing: get it from http://"):
        verified(archive, tmp_path)
    (tmp_path / "archive.zip").write_bytes(CONTENT[:1000])
    with pytest.raises(DownloadError, match=r"archive\.zip is corrupt.*expected.*get it again"):
        verified(archive, tmp_path)
    (tmp_path / "archive.zip").write_bytes(CONTENT)
    assert verified(archive, tmp_path) == tmp_path / "archive.zip"
