"""Imports the packages that tests share, as their files are now, for each course apart."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

State = tuple[tuple[str, int, int], ...]

MOST_KEPT = 8  # courses whose tests stay imported
_kept: dict[frozenset[Path], tuple[State, dict[str, ModuleType]]] = {}


def package_of(module: Path, root: Path) -> Path:
    """Return the top folder of the package that a test file is imported from."""
    inside = module.relative_to(root).parts if module.is_relative_to(root) else ()
    return root / inside[0] if len(inside) > 1 else module.parent


@contextmanager
def imported_as_they_are(folders: set[Path]) -> Iterator[None]:
    """Let the block import the tests' packages as their files are now: anew when a file was edited.

    A long-lived process must not run tests edited since, and two courses may have packages of the
    same name.
    """
    key = frozenset(folders)
    names = {folder.name for folder in folders}
    before = _modules_of(names)
    state, modules = _kept.get(key, ((), {}))
    _replace_modules(names, modules if state == _state_of(modules) else {})
    try:
        yield
    finally:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        modules = _modules_of(names)
        _kept[key] = _state_of(modules), modules
        _replace_modules(names, before)


def _modules_of(packages: set[str]) -> dict[str, ModuleType]:
    return {n: m for n, m in sys.modules.items() if n.partition(".")[0] in packages}


def _replace_modules(packages: set[str], modules: dict[str, ModuleType]) -> None:
    for name in _modules_of(packages):
        del sys.modules[name]
    sys.modules.update(modules)


def _state_of(modules: dict[str, ModuleType]) -> State:
    """Return times and sizes of the files that modules were loaded from."""
    stats = []
    for module in modules.values():
        if module.__file__ is not None:
            with suppress(FileNotFoundError):
                stat = os.stat(module.__file__)
                stats.append((module.__file__, stat.st_mtime_ns, stat.st_size))
    return tuple(stats)
