"""The floors of the autograder are those of the contract, and no string goes around them."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
KIT = ROOT / "autograder"
MODULE = re.compile(r"autograder(?:\.[a-z_]+)+")
SCRIPTS = {"autograder.cli"}  # of a process of its own, started by the command itself


def floors() -> list[set[str]]:
    """Return the rooms of each floor, the highest first."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    [layers] = [each["layers"] for each in contracts if each["type"] == "layers"]
    return [set(re.findall(r"\w+", floor)) for floor in layers]


def rooms() -> set[str]:
    """Return the names of the rooms, as they are on disk."""
    folders = {path.parent.name for path in KIT.glob("*/__init__.py")}
    return folders | {path.stem for path in KIT.glob("*.py") if path.stem != "__init__"}


def test_every_room_has_a_floor() -> None:
    named = set().union(*floors())
    assert rooms() <= named
    assert named - rooms() <= {"mutants"}


def test_no_string_names_a_module_of_a_higher_floor() -> None:
    height = {room: -level for level, floor in enumerate(floors()) for room in floor}
    found = []
    for path in sorted(KIT.rglob("*.py")):
        room = path.relative_to(KIT).parts[0].removesuffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            ast.get_docstring(node, clean=False)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if node.value in docstrings or not MODULE.fullmatch(node.value):
                continue
            named = node.value.split(".")[1]
            if named in height and height[named] > height.get(room, 0):
                found.append(f"{path.relative_to(ROOT)}, line {node.lineno}: {node.value}")
    assert found == []


def test_a_string_around_the_contract_would_be_found() -> None:
    assert MODULE.fullmatch("autograder.gradebook.standing")
    assert not MODULE.fullmatch("see autograder.gradebook")


ALONE = {"main"}  # of several programs


def test_a_name_means_one_thing_in_the_whole_kit() -> None:
    homes: dict[str, list[str]] = {}
    for path in sorted(KIT.rglob("*.py")):
        if path.parent.name == "cli":
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            is_named = isinstance(node, ast.ClassDef | ast.FunctionDef)
            if is_named and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    twice = {name: files for name, files in homes.items() if len(files) > 1}
    assert {name: files for name, files in twice.items() if name not in ALONE} == {}
