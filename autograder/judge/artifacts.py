"""Puts artifacts into a notebook's metadata, since only JSON is sent to the judge."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

KEY = "artifacts"


def with_artifacts(notebook: dict[str, Any], artifacts: Mapping[str, bytes]) -> dict[str, Any]:
    """Return a notebook with artifacts in its metadata.

    Args:
        notebook: the notebook of a submission.
        artifacts: content of the files that were handed in with the notebook, by name.
    """
    if not artifacts:
        return notebook
    carried = {name: base64.b64encode(content).decode() for name, content in artifacts.items()}
    return {**notebook, "metadata": {**notebook["metadata"], KEY: carried}}


def artifacts_of(notebook: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the artifacts in a notebook's metadata, by name; the inverse of `with_artifacts`."""
    carried = notebook["metadata"].get(KEY, {})
    return {name: base64.b64decode(content) for name, content in carried.items()}


def artifact_digest(artifact: bytes | None) -> str:
    """Return the sha256 of an artifact; "" for None."""
    return "" if artifact is None else hashlib.sha256(artifact).hexdigest()
