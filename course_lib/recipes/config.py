"""Recipes: what to train on what, read from a TOML file and checked key by key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from course_lib.networks import BACKBONES
from course_lib.training.augmentation import AUGMENTATIONS
from course_lib.training.settings import TrainingSettings
from course_lib.validation import require_choice, require_integers, require_positive

READERS = ("cub", "folders", "omniglot")
OBJECTIVES = ("classification", "contrastive", "triplet")
LABELS = ("category", "product")
METRICS = ("map", "recall@1", "recall@5")
RANDOM = "random"
"""The start of a stage that goes on from no other."""


class RecipeError(ValueError):
    """A recipe is not as it should be; the message names the file, the key and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """``[data]``: the images, and which of them are for what.

    Attributes:
        reader: ``"cub"``, ``"folders"`` or ``"omniglot"``; see ``course_lib.datasets``.
        folder: of the data set, relative to the working directory.
        size: side of the images in pixels.
        crop: ``"full"``, ``"center"`` or ``"box"``.
        test_products: products of each category that are held out for testing, the last ones; 0
            where the data set has its own test split.
        validation_products: likewise, of what is left, for choosing weights and settings.
        in_memory: keep all images in memory; False reads each from disk whenever it is needed.
    """

    reader: str
    folder: str
    size: int = 64
    crop: str = "full"
    test_products: int = 0
    validation_products: int = 0
    in_memory: bool = True

    def __post_init__(self) -> None:
        require_choice(READERS, reader=self.reader)
        require_choice(("full", "center", "box"), crop=self.crop)
        require_integers(1, size=self.size)
        require_integers(
            0, test_products=self.test_products, validation_products=self.validation_products
        )


@dataclass(frozen=True, kw_only=True)
class Search:
    """``[search]``: what is searched with, and what in.

    Attributes:
        gallery: images of each product that lie in the retrieval set; its others are queries.
        distractors: the retrieval set also holds as many images of the products of other splits.
        jitter: strength with which queries are turned, scaled, shifted and recoloured, once and
            for all; 0 leaves them as they are. See ``course_lib.training.augmentation.jitter``.
        select: metric on the validation split that chooses the weights.
    """

    gallery: int = 1
    distractors: bool = False
    jitter: float = 0.0
    select: str = "map"

    def __post_init__(self) -> None:
        require_integers(1, gallery=self.gallery)
        require_choice(METRICS, select=self.select)
        if self.jitter != 0:
            require_positive(jitter=self.jitter)


@dataclass(frozen=True, kw_only=True)
class Model:
    """``[model]``: see ``course_lib.networks``.

    Attributes:
        backbone: name of one.
        pretrained: start from ImageNet weights.
        dimensions: width of the embeddings, by a projection; left out, that of the backbone.
    """

    backbone: str = "small"
    pretrained: bool = False
    dimensions: int | None = None

    def __post_init__(self) -> None:
        require_choice(BACKBONES, backbone=self.backbone)
        if self.dimensions is not None:
            require_integers(1, dimensions=self.dimensions)


@dataclass(frozen=True, kw_only=True)
class Stage(TrainingSettings):
    """``[stage.NAME]``: one run of training. ``[training]`` holds defaults for all of them.

    Attributes:
        title: what tables call it; its name if left out.
        start: name of the stage whose weights it starts from, or ``"random"``.
        objective: ``"classification"``, ``"contrastive"`` or ``"triplet"``.
        labels: ``"category"`` or ``"product"``: what the classes, or the pairs, are of.
        margin: of the contrastive or triplet loss.
        freeze_batch_norm: keep batch normalisation as the start left it.
        batch_size: images in a batch of a classification stage.
        n_categories, n_products, n_images: the batch of any other; ``CategoryProductBatchSampler``.
        augment: name of what is done to images; see ``course_lib.training.augmentation``.

    The rest is that of ``TrainingSettings``.
    """

    title: str = ""
    start: str = RANDOM
    objective: str = "triplet"
    labels: str = "product"
    margin: float = 0.2
    freeze_batch_norm: bool = False
    batch_size: int = 64
    n_categories: int = 4
    n_products: int = 4
    n_images: int = 4
    augment: str = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice(OBJECTIVES, objective=self.objective)
        require_choice(LABELS, labels=self.labels)
        require_choice(tuple(AUGMENTATIONS), augment=self.augment)
        require_positive(margin=self.margin)
        require_integers(1, batch_size=self.batch_size, n_categories=self.n_categories)
        require_integers(1, n_products=self.n_products)
        require_integers(2, n_images=self.n_images)
        if self.objective != "classification" and self.labels != "product":
            raise ValueError(
                f'labels must be "product" for the objective "{self.objective}": two products of '
                "one category are negatives of each other"
            )


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole recipe.

    Attributes:
        name: the file's, without its ending; results are written under it.
        data, search, model: the tables of those names.
        stages: by name, in the order of the file.
        seeds: one run of all stages for each.
    """

    name: str
    data: Data
    search: Search = field(default_factory=Search)
    model: Model = field(default_factory=Model)
    stages: dict[str, Stage]
    seeds: tuple[int, ...] = (0,)

    def to_plain(self) -> dict[str, Any]:
        """As data for JSON."""
        return asdict(self)


def built_in() -> dict[str, Path]:
    """The recipes that come with the library, by name."""
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*.toml"))}


def read_recipe(which: str | Path, changes: Iterable[str] = ()) -> Recipe:
    """Read a recipe and check it.

    Args:
        which: a TOML file, or the name of a recipe of the library, or a unique beginning of it.
        changes: ``table.key=value``, each of which replaces or adds one entry; the value is TOML,
            and a bare word is a string.

    Raises:
        RecipeError: there is no such recipe, it is no TOML, or an entry is unknown, missing, or
            of a kind or value that is not allowed.
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
    known = ("data", "search", "model", "training", "stage", "seeds")
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
    return Recipe(
        name=name,
        data=_build(Data, _entries(Data, table["data"], "data"), "data"),
        search=_build(Search, _entries(Search, table.get("search", {}), "search"), "search"),
        model=_build(Model, _entries(Model, table.get("model", {}), "model"), "model"),
        stages=stages,
        seeds=seeds,
    )


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{where} must be a table [{where}], got {value!r}")
    return value


def _entries(kind: type, table: Any, where: str) -> dict[str, Any]:
    """The entries of a table, each of the kind that its field of the dataclass says."""
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
    """The value, if it is of the kind that an annotation says; whole numbers are floats, too."""
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
