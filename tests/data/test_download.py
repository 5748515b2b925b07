"""Downloads from a loopback server that cuts connections, lies and forgets."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from data_scripts.download import Archive, DownloadError, fetch, verified

CONTENT = bytes(range(256)) * 2000


@dataclass
class Server:
    """What the loopback server shall do, and the Range header of each request it got."""

    url: str = ""
    content: bytes = CONTENT
    cuts: list[int] = field(default_factory=list)  # bytes sent before closing, a request each
    knows_ranges: bool = True
    status: int = 200
    ranges: list[str | None] = field(default_factory=list)

    def archive(self, **changes) -> Archive:
        fields = {
            "url": self.url,
            "checksum": "sha256:" + hashlib.sha256(CONTENT).hexdigest(),
            "size": len(CONTENT),
        }
        return Archive(**(fields | changes))


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.ranges.append(asked)
            if state.status != 200:
                self.send_error(state.status)
                return
            start = int(asked[len("bytes=") : -1]) if asked and state.knows_ranges else 0
            if start and start >= len(state.content):
                self.send_error(416)
                return
            body = state.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.cuts.pop(0)] if state.cuts else body)

        def log_message(self, *_: object) -> None:
            """Be silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        state.url = f"http://127.0.0.1:{http.server_port}/archive.zip"
        yield state
        http.shutdown()
        thread.join()


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


def test_progress_is_shown_when_asked_for(server, tmp_path, capsys):
    fetch(server.archive(), tmp_path, progress=True)
    assert "100%" in capsys.readouterr().err


def test_an_archive_that_the_user_brings_is_checked_and_named(tmp_path):
    archive = Server(url="http://127.0.0.1/archive.zip").archive()
    with pytest.raises(DownloadError, match=r"archive\.zip is missing: get it from http://"):
        verified(archive, tmp_path)
    (tmp_path / "archive.zip").write_bytes(CONTENT[:1000])
    with pytest.raises(DownloadError, match=r"archive\.zip is corrupt.*expected.*get it again"):
        verified(archive, tmp_path)
    (tmp_path / "archive.zip").write_bytes(CONTENT)
    assert verified(archive, tmp_path) == tmp_path / "archive.zip"
