"""Makes the programs of the running environment available, even when it is not activated."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def tool_path() -> str:
    """Return PATH with the folder of the running interpreter's scripts in front.

    nbgrader looks `alembic` up on PATH, and leaves a half-made gradebook behind when it does not
    find it.
    """
    scripts = str(Path(sys.executable).parent)
    rest = os.environ.get("PATH", "")
    return rest if rest.split(os.pathsep)[:1] == [scripts] else os.pathsep.join([scripts, rest])


def put_tools_on_path() -> None:
    """Put the environment's own programs on PATH, so that child processes find them."""
    os.environ["PATH"] = tool_path()


def leave_out_grammars() -> None:
    """Keep jsonschema from loading the grammars of international addresses.

    The grammars take two seconds to load, and only check a format that notebooks do not use.
    jsonschema works without them where they are not installed.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
