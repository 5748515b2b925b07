"""No test patches a name of the kit: what a test has to vary is an argument."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
KIT = ("autograder", "course_lib", "data_scripts")
TESTS = ("tests", "grader_tests")

METHODS = ("setattr", "delattr")  # of pytest's monkeypatch
OF_MOCK = ("object", "multiple", "dict")  # what `patch` of unittest.mock offers beside itself
PLANTED = """
import sys
import shutil
import autograder.judge.forks as forks
import data_scripts.download
from unittest import mock
from unittest.mock import patch
from autograder.judge.grading import Judge
from course_lib import hashing

def test_it(monkeypatch, judge):
    monkeypatch.setattr(forks, "END_SECONDS", 1.0)
    monkeypatch.setattr(Judge.grade, "cached", True)
    monkeypatch.setattr(target=data_scripts.download, name="fetch", value=None)
    monkeypatch.setattr("course_lib.losses.triplet_loss", None)
    monkeypatch.setattr(sys.modules["autograder.doctor"], "examine", None)
    monkeypatch.delattr(hashing, "binarize")
    with monkeypatch.context() as other:
        other.setattr(
            forks.ForkServers,
            "start",
            None,
        )
    mock.patch("autograder.doctor.examine")
    with patch.object(Judge, "grade"), mock.patch.dict(forks.__dict__):
        pass

@patch("data_scripts.cli.app")
def test_that(app):
    pass
"""
ALLOWED = """
import sys
import shutil
from autograder.judge.grading import Judge

def test_it(monkeypatch, course):
    judge = Judge(course)
    monkeypatch.setattr(judge, "secret", b"")
    monkeypatch.setattr(Judge(course), "secret", b"")
    monkeypatch.setattr(shutil, "disk_usage", None)
    monkeypatch.setattr("shutil.disk_usage", None)
    monkeypatch.setattr(sys.modules["__main__"], "answer", 1)
    monkeypatch.setenv("PATH", "autograder.judge")
"""


def test_no_test_patches_a_name_of_the_kit() -> None:
    files = [path for folder in TESTS for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line}"
        for path in files
        for line in patches(path.read_text(encoding="utf-8"))
    ]
    assert len(files) > 300
    assert found == []


def test_a_patch_would_be_found() -> None:
    planted = PLANTED.splitlines()
    assert [planted[line - 1].strip() for line in patches(PLANTED)] == [
        'monkeypatch.setattr(forks, "END_SECONDS", 1.0)',
        'monkeypatch.setattr(Judge.grade, "cached", True)',
        'monkeypatch.setattr(target=data_scripts.download, name="fetch", value=None)',
        'monkeypatch.setattr("course_lib.losses.triplet_loss", None)',
        'monkeypatch.setattr(sys.modules["autograder.doctor"], "examine", None)',
        'monkeypatch.delattr(hashing, "binarize")',
        "other.setattr(",
        'mock.patch("autograder.doctor.examine")',
        'with patch.object(Judge, "grade"), mock.patch.dict(forks.__dict__):',
        'with patch.object(Judge, "grade"), mock.patch.dict(forks.__dict__):',
        '@patch("data_scripts.cli.app")',
    ]


def test_what_is_not_of_the_kit_may_be_patched() -> None:
    assert patches(ALLOWED) == []


def patches(source: str) -> list[int]:
    """Return the lines on which a name of the kit is patched."""
    tree = ast.parse(source)
    names = set(_imported_from_kit(tree))
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and _is_patch(node.func)
        and (target := _target(node)) is not None
        and _is_of_kit(target, names)
    )


def _imported_from_kit(tree: ast.Module) -> Iterator[str]:
    """Yield the names under which a file knows something of the kit."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _leads_into_kit(alias.name):
                    yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and _leads_into_kit(node.module or ""):
            for alias in node.names:
                yield alias.asname or alias.name


def _is_patch(function: ast.expr) -> bool:
    """Say whether calling a function patches something."""
    if isinstance(function, ast.Attribute):
        if function.attr in OF_MOCK:
            return _is_patch(function.value) and _last_name(function.value) == "patch"
        return function.attr in METHODS or function.attr == "patch"
    return _last_name(function) == "patch"


def _last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name; "" for another expression."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _target(call: ast.Call) -> ast.expr | None:
    """Return what a call patches."""
    if call.args:
        return call.args[0]
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    return named.get("target", named.get("in_dict"))


def _is_of_kit(target: ast.expr, names: set[str]) -> bool:
    """Say whether a target is a name of the kit, part of one, or a dotted string into the kit."""
    if isinstance(target, ast.Attribute):
        return _is_of_kit(target.value, names)
    if isinstance(target, ast.Subscript):  # such as sys.modules["autograder.doctor"]
        return _is_of_kit(target.value, names) or _is_of_kit(target.slice, names)
    if isinstance(target, ast.Constant):
        return isinstance(target.value, str) and _leads_into_kit(target.value)
    if isinstance(target, ast.Call) and _last_name(target.func) == "import_module":
        return any(_is_of_kit(argument, names) for argument in target.args)
    return isinstance(target, ast.Name) and target.id in names


def _leads_into_kit(dotted: str) -> bool:
    return dotted.partition(".")[0] in KIT
