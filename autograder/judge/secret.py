"""The instructor's secret: hidden inputs are drawn with it, and it never enters the repository."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from platformdirs import user_config_path

VARIABLE = "COURSE_SECRET_FILE"


def secret_file(course_id: str) -> Path:
    """Where the secret is kept: `$COURSE_SECRET_FILE`, else the user's configuration folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    return user_config_path(course_id, appauthor=False) / "secret"


def read_secret(course_id: str) -> bytes:
    """The secret; made on first use, readable by its owner only.

    Raises:
        PermissionError: the file cannot be read or made; the message names it.
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
    """What records keep of a secret: enough to see that it changed, useless to guess it."""
    return hashlib.sha256(b"fingerprint:" + secret).hexdigest()[:16]
