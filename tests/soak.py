"""The page that `make soak` writes: what was counted, on what machine, and how long it took."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

HEAD = """# Soak: many more damaged notebooks and kills than the tests try

Written by `make soak`; the tests of the same names count the same on a smaller scale. A run in
which anything is not as it must be writes nothing.

- **Damaged notebooks** are correct submissions to assignments 01 to 03 with 1 to 5 damages, saved
  in one of 6 formats and 3 encodings, some of them cut short or with bytes that are no text. Where
  all of an answer still stands in order, the program that runs must have just this answer, and what
  was mended must be said.
- **Graded damaged notebooks** are graded by the judge in its sandbox: such an answer must have full
  points, and one that is gone none.
- **Kills** end the grader of a class with SIGKILL at a random moment. A second run must end with
  the gradebook, and to the byte with the verdicts, of an undisturbed run, and judge nobody again
  whose grades were entered.
"""


def soak_page(counts: Mapping[str, Counter[str]], seconds: Mapping[str, float]) -> str:
    """The page in Markdown.

    Args:
        counts: of each thing that was counted, how often it had which end.
        seconds: that each test took.
    """
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    parts = [HEAD, f"Measured on {datetime.now(UTC):%Y-%m-%d} on {machine}.\n"]
    for name, outcomes in sorted(counts.items()):
        parts.append(f"| {outcomes.total():,} {name} | |\n|---|--:|")
        parts.append("".join(f"| {end} | {count:,} |\n" for end, count in outcomes.most_common()))
    parts.append("| test | seconds |\n|---|--:|")
    parts.append("".join(f"| `{name}` | {taken:,.0f} |\n" for name, taken in seconds.items()))
    return "\n".join(parts)
