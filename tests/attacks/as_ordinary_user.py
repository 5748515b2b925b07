"""`python -m tests.attacks.as_ordinary_user`: the attacks on walls, graded one by one, as JSON.

Run by a test as a user without rights; see `test_walls.py`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from autograder.authoring.notebook import build_notebooks
from autograder.course import Course
from autograder.judge.grading import Judge
from tests.attacks.arena import SANDBOX, corpus, outside_of
from tests.gradebook.samples import SECRET


def main() -> None:
    """Grade them in the course in the working directory's copy, given as the only argument."""
    course = Course.find(Path(sys.argv[1]))
    build_notebooks(course)
    found: dict[str, list[str]] = {}
    with (
        tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder,
        outside_of(course, Path(folder)) as outside,
        Judge(course, SANDBOX, secret=SECRET) as judge,
    ):
        for attack in corpus():
            if attack.walls and not attack.missing:
                answer = Path(folder) / "answer.py"
                answer.write_text(attack.answer(outside), encoding="utf-8")
                result = judge.grade_answer("dot", answer).result
                said = [f"{verdict.cause}: {verdict.message}" for verdict in result.verdicts]
                found[attack.name] = [*said, str(result.points)]
        disturbed = outside.disturbed()
    print(json.dumps({"uid": os.getuid(), "found": found, "disturbed": disturbed}))


if __name__ == "__main__":
    main()
