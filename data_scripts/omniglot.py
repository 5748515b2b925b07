"""Omniglot's two small background sets: alphabet (category), character (product), drawing (image).

The two archives overlap: ``small1`` and ``small2`` both hold Greek and Latin, with the same 1000
drawings. They are merged. A character of the same name in both archives is one product, and each
drawing is kept once; this leaves 8 alphabets, 242 characters and 4840 drawings.

The split is by alphabet, so that no test alphabet is seen in training. The alphabets of ``small1``
are for training (136 characters). The alphabets that only ``small2`` has (Katakana, Sanskrit,
Tagalog) are for testing (106 characters). ``alphabets.txt`` lists them, in lines of
"<alphabet> <train|test>".
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from tqdm.auto import tqdm

from data_scripts.download import Archive, fetch, verified
from data_scripts.preparation import PreparationError, is_prepared, preparation, require_space

VERSION = 1
"""Raise it whenever the same archives give other files."""

NOTICE = """\
Omniglot, small background sets 1 and 2. Copyright (c) 2015 Brenden Lake, MIT License.
https://github.com/brendenlake/omniglot
Please cite: Lake, B. M., Salakhutdinov, R., and Tenenbaum, J. B. (2015). Human-level concept
learning through probabilistic program induction. Science, 350(6266), 1332-1338.
The two sets share Greek and Latin, drawing for drawing; each drawing is kept once. Training: the
alphabets of small1. Test: those that only small2 has (Japanese_(katakana), Sanskrit, Tagalog).
"""

_BASE = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
ARCHIVES = (
    Archive(
        url=f"{_BASE}/images_background_small1.zip",
        checksum="sha256:f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4",
        size=1_319_022,
    ),
    Archive(
        url=f"{_BASE}/images_background_small2.zip",
        checksum="sha256:3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f",
        size=1_580_917,
    ),
)
_CONTENTS = ("images", "alphabets.txt", "NOTICE.txt")
_LARGEST_DRAWING = 100_000  # bytes; the real ones have a few hundred
_DISK_BLOCK = 4096
_DRAWINGS = 4840


def make_omniglot(
    folder: str | Path = "data/omniglot",
    *,
    source: str | Path | None = None,
    progress: bool = False,
    archives: Sequence[Archive] = ARCHIVES,
) -> Path:
    """Write the merged set into ``folder``, as ``images/<alphabet>/<character>/<drawing>.png``.

    A data set that is finished already is left unchanged.

    Args:
        folder: the data set's folder.
        source: folder with the two archives; None downloads them into ``archives`` beside
            ``folder``.
        progress: show progress bars.
        archives: the two archives.

    Returns:
        The folder.

    Raises:
        PreparationError: an archive cannot be had or is damaged, the disk is full, or the folder
            holds something else; the message names the file and what to do.
    """
    folder = Path(folder)
    identity = {
        "data_set": "omniglot",
        "version": VERSION,
        "archives": [archive.checksum for archive in archives],
    }
    if is_prepared(folder, identity):
        return folder
    require_space(folder, _DRAWINGS * _DISK_BLOCK)
    paths = [
        verified(archive, Path(source))
        if source is not None
        else fetch(archive, folder.resolve().parent / "archives", progress=progress)
        for archive in archives
    ]
    with preparation(folder, identity, _CONTENTS) as draft:
        alphabets: dict[str, str] = {}
        for path, split in zip(paths, ("train", "test"), strict=True):
            for alphabet in _extract(path, draft / "images", progress):
                alphabets.setdefault(alphabet, split)
        lines = "".join(f"{name} {split}\n" for name, split in sorted(alphabets.items()))
        (draft / "alphabets.txt").write_text(lines, encoding="utf-8")
        (draft / "NOTICE.txt").write_text(NOTICE, encoding="utf-8")
    return folder


def _extract(path: Path, images: Path, progress: bool) -> list[str]:
    """Unpack an archive's drawings; return its alphabets, sorted.

    Only names of the form set/alphabet/character/drawing.png are written. So an archive cannot
    reach outside ``images``.
    """
    alphabets = set()
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            for member in tqdm(members, desc=path.name, unit="drawing", disable=not progress):
                alphabet, character, drawing = _place(member, path)
                alphabets.add(alphabet)
                place = images / alphabet / character / drawing
                content = archive.read(member)
                if not place.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(content)
                elif place.read_bytes() != content:
                    raise PreparationError(
                        f"{path}: {member.filename} differs from the drawing of the same name in "
                        f"the other archive; both archives must be as published"
                    )
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise PreparationError(
            f"{path} is corrupt ({error}): remove it and get it again"
        ) from error
    return sorted(alphabets)


def _place(member: zipfile.ZipInfo, path: Path) -> tuple[str, str, str]:
    parts = PurePosixPath(member.filename).parts
    is_plain = stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG)
    if (
        len(parts) != 4
        or any(part in ("..", ".") or "\\" in part or ":" in part for part in parts)
        or not parts[3].endswith(".png")
        or not is_plain
        or member.file_size > _LARGEST_DRAWING
    ):
        raise PreparationError(
            f"{path} holds {member.filename!r}, not set/alphabet/character/drawing.png: "
            f"it is not Omniglot's archive; get it again"
        )
    return parts[1], parts[2], parts[3]
