"""Small data sets for the tests of scripts and readers."""

import builtins
import errno
import fnmatch
import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from PIL import Image

from data_scripts.birds import make_birds
from tests.data.loopback import Server, serving

GENERA, SPECIES, PHOTOS, SIZE = 3, 2, 5, 48


@pytest.fixture(scope="session")
def birds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished set of 3 genera x 2 species x 5 photos. Not to be changed."""
    folder = tmp_path_factory.mktemp("birds") / "birds"
    return make_birds(folder, genera=GENERA, species=SPECIES, photos=PHOTOS, size=SIZE)


@pytest.fixture(scope="session")
def shared_omniglot() -> Path:
    """The folder of Omniglot's published archives, where this machine has them."""
    return _shared("omniglot")


@pytest.fixture(scope="session")
def shared_eth80() -> Path:
    """ETH-80 as its public copy is packed, pictures scaled down, where this machine has it."""
    return _shared("ETH-80-master.zip")


def _shared(name: str) -> Path:
    path = Path(os.environ.get("LOOKALIKE_SHARED", "../shared")) / "data" / name
    if not path.exists():
        pytest.skip(f"no published archives: {path} is absent (set LOOKALIKE_SHARED)")
    return path


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    """A loopback server, to be told what to do."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as state:
        yield state


class _FullDisk(io.FileIO):
    """A file on a disk without room."""

    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def full_disk(monkeypatch) -> Callable[[str], AbstractContextManager[None]]:
    """Let the disk have no room, for a while, for files whose path matches a pattern."""

    @contextmanager
    def fill(pattern: str) -> Iterator[None]:
        real = builtins.open

        def opened(file, mode="r", *rest, **named):
            if mode in ("wb", "ab", "xb") and fnmatch.fnmatch(str(file), pattern):
                return _FullDisk(file, mode)
            return real(file, mode, *rest, **named)

        with monkeypatch.context() as patch:
            patch.setattr(builtins, "open", opened)
            yield

    return fill


@pytest.fixture
def save_image():
    """Save a small picture of one grey level, making its folders."""

    def save(path: Path, size: tuple[int, int] = (6, 6), level: int = 128) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (level, level, level)).save(path)
        return path

    return save
