"""A server on this machine that cuts connections, lies, forgets and falls silent, as told."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from data_scripts.download import Archive

CONTENT = bytes(range(256)) * 2000


@dataclass
class Server:
    """What the server shall do, and the Range header of each request it got."""

    url: str = ""
    content: bytes = CONTENT
    cuts: list[int] = field(default_factory=list)  # bytes sent before closing, a request each
    silences: list[int] = field(default_factory=list)  # bytes sent before saying no more
    knows_ranges: bool = True
    status: int = 200
    encoding: str | None = None
    ranges: list[str | None] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def archive(self, **changes) -> Archive:
        fields = {
            "url": self.url,
            "checksum": "sha256:" + hashlib.sha256(CONTENT).hexdigest(),
            "size": len(CONTENT),
        }
        return Archive(**(fields | changes))


@contextmanager
def serving() -> Iterator[Server]:
    """Serve until left."""
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
            if state.encoding:
                self.send_header("Content-Encoding", state.encoding)
            self.end_headers()
            if state.silences:
                self.wfile.write(body[: state.silences.pop(0)])
                self.wfile.flush()
                state.over.wait()
                return
            self.wfile.write(body[: state.cuts.pop(0)] if state.cuts else body)

        def log_message(self, *_: object) -> None:
            """Be silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        state.url = f"http://127.0.0.1:{http.server_port}/archive.zip"
        yield state
        state.over.set()
        http.shutdown()
        thread.join()
