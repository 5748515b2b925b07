"""The programs of the running environment, also when it is not activated."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def tool_path() -> str:
    """PATH with the folder of the running interpreter's own scripts in front.

    nbgrader looks `alembic` up on PATH, and leaves a half-made gradebook behind when it is not
    found.
    """
    scripts = str(Path(sys.executable).parent)
    rest = os.environ.get("PATH", "")
    return rest if rest.split(os.pathsep)[:1] == [scripts] else os.pathsep.join([scripts, rest])


def put_tools_on_path() -> None:
    """Let child processes find the environment's own programs."""
    os.environ["PATH"] = tool_path()


def leave_out_grammars() -> None:
    """Let jsonschema be imported without the grammars of international addresses.

    They take two seconds to load, and only check a format that notebooks do not use; jsonschema
    does without them where they are not installed.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
