"""Tries an unpacked release: stubs must be stubs, and references must pass the public tests.

It is run as a script in the release's folder, so that only files of the release are imported. It
reads a request from standard input and prints the findings, both as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path.cwd()
NOT_DONE = ("not_started", "not_checked")


def main() -> None:
    """Try the stubs and references that the request names."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(ROOT))
    request = json.load(sys.stdin)
    import autograder

    home = Path(autograder.__file__).parent
    if home != ROOT / "autograder":
        raise ImportError(f"autograder was imported from {home}, not from the release")
    problems: list[tuple[str, str]] = []
    stubs = _try_each(request["stubs"], "stub", _stub_problems, request, problems)
    _put_in_place(request["artifacts"])
    here = [id for id, e in _manifest().exercises.items() if e.assignment == request["assignment"]]
    references = _try_each(here, "reference", _reference_problems, request, problems)
    print(json.dumps({"problems": problems, "stubs": stubs, "references": references}))


def _put_in_place(artifacts: dict[str, str]) -> None:
    """Write artifacts to the places where the references would write them."""
    for path, content in artifacts.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_bytes(b64decode(content))


def _try_each(
    ids: list[str], kind: str, problems_of: Any, request: Any, problems: list[tuple[str, str]]
) -> list[str]:
    """Return the ids of the exercises without a problem; add all problems to `problems`."""
    good = []
    for id in ids:
        try:
            found = list(problems_of(id, request))
        except Exception as error:
            found = [f"raised {type(error).__name__}: {error}"]
        problems += [(kind, f"{id} {problem}") for problem in found]
        if not found:
            good.append(id)
    return good


def _stub_problems(id: str, request: dict[str, Any]) -> Iterator[str]:
    """Give problems of an exercise's stubs: library and notebook must say that it is not done."""
    from autograder.student.stubs import is_stub
    from autograder.testing.errors import NotDoneYet

    module, _, name = request["objects"][id].rpartition(".")
    stub = getattr(importlib.import_module(module), name)
    if not is_stub(stub):
        yield f"has an answer in {module}"
    entry = _manifest().exercises.get(id)
    if entry is None or entry.assignment != request["assignment"]:
        try:
            stub()
            yield "returns something"
        except NotDoneYet as error:
            if name not in str(error):
                yield f"does not name itself when it has no answer: {error}"
        return
    result = _check(id, _answer_in_notebook(id))
    outcomes = [verdict.outcome for verdict in result.verdicts]
    if any(outcome not in NOT_DONE for outcome in outcomes) or outcomes[0] != NOT_DONE[0]:
        said = ", ".join(f"{v.test} {v.outcome}" for v in result.verdicts)
        yield f"is untouched in the notebook, but its check does not say that: {said}"


def _reference_problems(id: str, request: dict[str, Any]) -> Iterator[str]:
    """Give the public tests of the release that the reference of an exercise does not pass."""
    notebook = vars(sys.modules["__main__"])
    names = []
    try:
        for other, source in request["references"].items():  # as if all exercises were done
            name = _manifest().exercises[other].name
            notebook[name] = _run(other, source)[name]
            names.append(name)
        result = _check(id, _run(id, request["references"][id]))
    finally:
        for name in names:
            del notebook[name]
    for verdict in result.verdicts:
        if verdict.outcome != "passed":
            yield f"does not pass {verdict.test}: {verdict.message}"


def _manifest() -> Any:
    from autograder.student.manifest import find_manifest

    return find_manifest(ROOT)


def _check(id: str, namespace: dict[str, Any]) -> Any:
    from autograder.student.checking import run_public_tests

    return run_public_tests(_manifest(), _manifest().exercise(id), namespace)


def _answer_in_notebook(id: str) -> dict[str, Any]:
    from autograder.answers.program import execute
    from autograder.student.stubs import program_in_notebook

    entry = _manifest().exercise(id)
    path = ROOT / f"{entry.assignment}.ipynb"
    namespace: dict[str, Any] = {}
    execute(program_in_notebook(path, _manifest(), id), namespace)
    return namespace


def _run(id: str, source: str) -> dict[str, Any]:
    """Run the source of a reference after the set-up cell; return the resulting namespace."""
    from autograder.answers.program import Cell, Program, execute
    from autograder.student.manifest import FILE
    from autograder.student.workspace import released_setup

    entry = _manifest().exercise(id)
    others = {e.name: e.object for e in _manifest().exercises.values() if e.id != id}
    setup = released_setup(ROOT / FILE, entry.assignment) or ""
    program = Program(id, entry.name, setup, (), others, Cell(f"ex-{id}", source))
    namespace: dict[str, Any] = {}
    execute(program, namespace)
    return namespace


if __name__ == "__main__":
    main()
