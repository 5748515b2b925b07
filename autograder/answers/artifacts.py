"""Reads artifacts, the files that are handed in beside a notebook, such as trained weights.

Only tests look into an artifact; all other code treats it as bytes, up to a limit.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

MAX_ARTIFACT = 8 << 20  # bytes


def handed_in_as(artifact: str) -> str:
    """Return the name under which an artifact is handed in: its file name without folders."""
    return PurePosixPath(artifact).name


def read_artifact(root: Path, artifact: str) -> bytes | None:
    """Read an artifact in a workspace.

    Args:
        root: folder of the workspace, or of the checkout.
        artifact: path of the artifact below `root`, as the exercise declares it; "" for an
            exercise without an artifact.

    Returns:
        The content; None when the file does not exist or the exercise has no artifact.

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
