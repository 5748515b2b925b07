"""Files that are handed in beside a notebook, such as trained weights.

They are bytes to everybody but the tests: whoever reads one bounds it first.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

MAX_ARTIFACT = 8 << 20  # bytes


def handed_in_as(artifact: str) -> str:
    """The name under which an artifact is handed in: that of its file, without folders."""
    return PurePosixPath(artifact).name


def read_artifact(root: Path, artifact: str) -> bytes | None:
    """An artifact in a workspace; None when there is none (yet), or none is asked for.

    Args:
        root: the workspace, or the checkout.
        artifact: path below it, as an exercise declares it.

    Raises:
        ValueError: the file is larger than graders take.
    """
    path = root / artifact
    if not artifact or not path.is_file():
        return None
    if (size := path.stat().st_size) > MAX_ARTIFACT:
        raise ValueError(
            f"{artifact} has {size:,} bytes, and at most {MAX_ARTIFACT:,} can be handed in: "
            "save the weights of the network that the notebook asks for, and nothing else"
        )
    return path.read_bytes()
