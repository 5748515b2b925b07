"""Artifacts on their way to the judge: in the submission's metadata, since only JSON travels."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

KEY = "artifacts"


def with_artifacts(notebook: dict[str, Any], artifacts: Mapping[str, bytes]) -> dict[str, Any]:
    """A submission's notebook, carrying the files that were handed in with it, by name."""
    if not artifacts:
        return notebook
    carried = {name: base64.b64encode(content).decode() for name, content in artifacts.items()}
    return {**notebook, "metadata": {**notebook["metadata"], KEY: carried}}


def artifacts_of(notebook: Mapping[str, Any]) -> dict[str, bytes]:
    """The inverse of `with_artifacts`: what a submission's notebook carries."""
    carried = notebook["metadata"].get(KEY, {})
    return {name: base64.b64decode(content) for name, content in carried.items()}


def digest_of(artifact: bytes | None) -> str:
    """sha256 of an artifact; "" where there is none."""
    return "" if artifact is None else hashlib.sha256(artifact).hexdigest()
