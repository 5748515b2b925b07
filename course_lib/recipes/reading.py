"""Recipes read from their files: found by name, read as TOML, checked key by key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from course_lib.recipes.config import RANDOM, Data, Hash, Model, Recipe, RecipeError, Search, Stage
from course_lib.validation import require_integers


def built_in() -> dict[str, Path]:
    """Return the files of the recipes that come with the library, by name.

    Example:
        >>> sorted(built_in())
        ['04_birds', '04_eth80', '04_omniglot', '08_birds', '08_eth80', '08_resnet50']
    """
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*.toml"))}


def read_recipe(which: str | Path, changes: Iterable[str] = ()) -> Recipe:
    """Read a recipe and check it.

    Args:
        which: a TOML file, or the name of a recipe of the library, or a unique beginning of the
            name.
        changes: ``table.key=value``, each of which replaces or adds one entry; the value is TOML,
            and a bare word is a string.

    Raises:
        RecipeError: there is no such recipe, it is no TOML, or an entry is unknown, missing, or
            of a kind or value that is not allowed.

    Example:
        >>> recipe = read_recipe("04_birds", ["stage.triplet.steps=50", "seeds=[7]"])
        >>> recipe.name, recipe.stages["triplet"].steps, recipe.seeds
        ('04_birds', 50, (7,))
        >>> read_recipe("04_birds", ["model.depth=3"])
        Traceback (most recent call last):
            ...
        course_lib.recipes.config.RecipeError: 04_birds.toml: unknown key model.depth: there may ...
    """
    path = _find(which)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path} cannot be read as TOML: {error}") from error
    for change in changes:
        _apply(table, change)
    try:
        return _recipe(path.stem, table)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{path.name}: {error}") from error


def _find(which: str | Path) -> Path:
    path = Path(which)
    if path.suffix == ".toml":
        return path
    known = built_in()
    found = [known[name] for name in known if name.startswith(str(which))]
    if len(found) != 1 or not str(which):
        problem = "several recipes start" if found else "no recipe starts"
        raise RecipeError(
            f"{problem} with {str(which)!r}: name one of {', '.join(known)}, or a .toml file"
        )
    return found[0]


def _apply(table: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    if not (key.strip() and equals):
        raise RecipeError(f"{change!r} is no change: write table.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    *outer, last = key.strip().split(".")
    for name in outer:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise RecipeError(f"{change!r}: {name} is no table")
    table[last] = value


def _recipe(name: str, table: Mapping[str, Any]) -> Recipe:
    known = ("data", "search", "model", "training", "stage", "hash", "seeds")
    for key in table:
        if key not in known:
            raise ValueError(f"unknown key {key!r}: at the top there may be {', '.join(known)}")
    for key in ("data", "stage"):
        if not table.get(key):
            raise ValueError(f"the table [{key}] is missing")
    defaults = _entries(Stage, table.get("training", {}), "training")
    stages: dict[str, Stage] = {}
    for stage, entries in _table(table["stage"], "stage").items():
        where = f"stage.{stage}"
        if not stage.replace("_", "").replace("-", "").isalnum() or stage == RANDOM:
            raise ValueError(f"{where}: a stage is named with letters, digits, - and _")
        stages[stage] = _build(Stage, defaults | _entries(Stage, entries, where), where)
        start = stages[stage].start
        if start not in {RANDOM, *stages} or start == stage:
            earlier = ", ".join([RANDOM, *list(stages)[:-1]])
            raise ValueError(f"{where}.start is {start!r}: it must be one of {earlier}")
    seeds = _of_kind(tuple[int, ...], table.get("seeds", [0]), "seeds")
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError("seeds must be different integers, and at least one")
    require_integers(0, **{f"seeds[{i}]": seed for i, seed in enumerate(seeds)})
    data = _build(Data, _entries(Data, table["data"], "data"), "data")
    hashing = None
    if "hash" in table:
        hashing = _hash(table, data, stages)
    return Recipe(
        name=name,
        data=data,
        search=_build(Search, _entries(Search, table.get("search", {}), "search"), "search"),
        model=_build(Model, _entries(Model, table.get("model", {}), "model"), "model"),
        stages=stages,
        seeds=seeds,
        hash=hashing,
    )


def _hash(table: Mapping[str, Any], data: Data, stages: Mapping[str, Stage]) -> Hash:
    hashing: Hash = _build(Hash, _entries(Hash, table["hash"], "hash"), "hash")
    if hashing.start not in {RANDOM, *stages}:
        known = ", ".join([RANDOM, *stages])
        raise ValueError(f"hash.start is {hashing.start!r}: it must be one of {known}")
    if "search" in table:
        raise ValueError("[search] must be left out beside [hash]: all test images are queries")
    if data.test_products or data.validation_products or not data.in_memory:
        raise ValueError(
            "beside [hash], data.test_products, data.validation_products and data.in_memory must "
            "be left out: the data set's own split is searched, in memory"
        )
    return hashing


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{where} must be a table [{where}], got {value!r}")
    return value


def _entries(kind: type, table: Any, where: str) -> dict[str, Any]:
    """Return the entries of a table, each of the kind that its field of the dataclass says."""
    kinds = get_type_hints(kind)
    names = [each.name for each in fields(kind)]
    entries = {}
    for key, value in _table(table, where).items():
        if key not in names:
            raise ValueError(f"unknown key {where}.{key}: there may be {', '.join(names)}")
        entries[key] = _of_kind(kinds[key], value, f"{where}.{key}")
    return entries


def _build(kind: type, entries: Mapping[str, Any], where: str) -> Any:
    def is_missing(each: Field[Any]) -> bool:
        no_default = each.default is MISSING and each.default_factory is MISSING
        return no_default and each.name not in entries

    if missing := [each.name for each in fields(kind) if is_missing(each)]:
        raise ValueError(f"{where}.{missing[0]} is missing")
    try:
        return kind(**entries)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}.{error}") from error


def _of_kind(kind: Any, value: Any, where: str) -> Any:
    """Return a value of the kind that an annotation says; whole numbers are floats, too."""
    if get_origin(kind) is tuple:
        (inner, _) = get_args(kind)
        values = value if isinstance(value, list) else [value]
        return tuple(_of_kind(inner, v, f"{where}[{i}]") for i, v in enumerate(values))
    if isinstance(kind, UnionType):
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        said = {int: "an integer", float: "a number", str: "a string", bool: "true or false"}[kind]
        raise TypeError(f"{where} must be {said}, got {value!r}")
    return value
