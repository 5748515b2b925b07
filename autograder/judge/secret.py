"""Keeps the instructor's secret, with which hidden inputs are drawn, outside the repository."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from platformdirs import user_config_path

VARIABLE = "COURSE_SECRET_FILE"


def secret_file(course_id: str) -> Path:
    """Return the file of the secret: `$COURSE_SECRET_FILE`, or in the configuration folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    return user_config_path(course_id, appauthor=False) / "secret"


def read_secret(course_id: str) -> bytes:
    """Return the secret; at the first use, make a file that only its owner can read.

    Raises:
        PermissionError: the file cannot be read or made; the message names the file.
        ValueError: the file is too short to be a secret.
    """
    path = secret_file(course_id)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
    secret = path.read_bytes().strip()
    if len(secret) < 16:
        raise ValueError(f"{path} is too short for a secret; delete it to make a new one")
    return secret


def fingerprint(secret: bytes) -> str:
    """Return a digest for records that shows whether the secret changed, but not the secret."""
    return hashlib.sha256(b"fingerprint:" + secret).hexdigest()[:16]
