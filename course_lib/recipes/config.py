"""The tables of a recipe: a class for each, which checks its entries."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from course_lib.hashing import AlternationSettings
from course_lib.networks import BACKBONES
from course_lib.training.augmentation import AUGMENTATIONS
from course_lib.training.hardware import DEVICES
from course_lib.training.settings import TrainingSettings
from course_lib.validation import require_choice, require_integers, require_positive

READERS = ("cub", "folders", "omniglot")
OBJECTIVES = ("classification", "contrastive", "smooth_ap", "triplet")
LABELS = ("category", "product")
METHODS = ("pairwise", "head", "asymmetric", "a2net", "semicon")
METRICS = ("map", "recall@1", "recall@5")
RANDOM = "random"
"""The start of a stage that goes on from no other."""


class RecipeError(ValueError):
    """A recipe with a mistake; the message names the file, the key and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """``[data]``: the images, and their division into splits.

    Attributes:
        reader: ``"cub"``, ``"folders"`` or ``"omniglot"``; see ``course_lib.datasets``.
        folder: folder of the data set, relative to the working directory.
        size: side of the images in pixels.
        crop: ``"full"``, ``"center"`` or ``"box"``.
        test_products: products of each category that are held out for testing, the last ones; 0
            where the data set has its own test split.
        validation_products: products of each category that are held out for choosing weights and
            settings, the last ones before the products for testing.
        in_memory: keep all images in memory; False reads each from disk whenever it is needed.

    Example:
        >>> Data(reader="cub", folder="data/birds", test_products=2).size
        64
        >>> Data(reader="zip", folder="birds.zip")
        Traceback (most recent call last):
            ...
        ValueError: reader must be one of 'cub', 'folders', 'omniglot', got 'zip'
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
    """``[search]``: what is searched with, and what is searched in.

    Attributes:
        gallery: images of each product that lie in the retrieval set; its others are queries.
        distractors: the retrieval set also holds as many images of the products of other splits.
        jitter: strength with which queries are turned, scaled, shifted and recoloured, once and
            for all; 0 leaves them as they are. See ``course_lib.training.augmentation.jitter``.
        select: metric on the validation split that chooses the weights.

    Example:
        >>> Search(gallery=2, select="recall@1").jitter
        0.0
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
    """``[model]``: the network; see ``course_lib.networks``.

    Attributes:
        backbone: name of a backbone of ``course_lib.networks.BACKBONES``.
        pretrained: start from ImageNet weights.
        dimensions: width of the embeddings, made by a projection; left out, the backbone's width.

    Example:
        >>> Model(backbone="resnet18", dimensions=128).pretrained
        False
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
    """``[stage.NAME]``: one run of training. ``[training]`` holds defaults for all stages.

    Attributes:
        title: the stage's name in tables; the name of its table if left out.
        start: name of the stage whose weights it starts from, or ``"random"``.
        objective: ``"classification"``, ``"contrastive"``, ``"smooth_ap"`` or ``"triplet"``.
        labels: ``"category"`` or ``"product"``: what the classes, or the pairs, are of.
        margin: margin of the contrastive or triplet loss.
        temperature: temperature of Smooth-AP.
        freeze_batch_norm: keep batch normalisation as the start left it.
        batch_size: images in a batch of a classification stage.
        n_categories, n_products, n_images: the batch of any other; ``CategoryProductBatchSampler``.
        augment: name of what is done to images; see ``course_lib.training.augmentation``.

    The other attributes are those of ``TrainingSettings``.

    Example:
        >>> Stage(steps=300, margin=0.3).objective
        'triplet'
        >>> Stage(steps=300, labels="category")
        Traceback (most recent call last):
            ...
        ValueError: labels must be "product" for the objective "triplet": two products of one ...
    """

    title: str = ""
    start: str = RANDOM
    objective: str = "triplet"
    labels: str = "product"
    margin: float = 0.2
    temperature: float = 0.01
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
        require_positive(margin=self.margin, temperature=self.temperature)
        require_integers(1, batch_size=self.batch_size, n_categories=self.n_categories)
        require_integers(1, n_products=self.n_products)
        require_integers(2, n_images=self.n_images)
        if self.objective != "classification" and self.labels != "product":
            raise ValueError(
                f'labels must be "product" for the objective "{self.objective}": two products of '
                "one category are negatives of each other"
            )


@dataclass(frozen=True, kw_only=True)
class Hash(AlternationSettings):
    """``[hash]``: codes of the database's images and a network for queries, after all stages.

    The database holds all images but the data set's own test images, which are the queries. Every
    method sees as many images as the others.

    Attributes:
        methods: some of ``"pairwise"`` (codes of the labels first, then a network that learns
            them), ``"head"`` (asymmetric hashing of embeddings: one linear layer), ``"asymmetric"``
            (asymmetric hashing of images), ``"a2net"`` and ``"semicon"`` (asymmetric hashing of
            images, with their own networks).
        bits: lengths of the codes.
        start: name of the stage whose backbone they start from, or ``"random"``.
        labels: ``"category"`` or ``"product"``: images of equal ones are relevant to each other.
        parts: attended parts of A²-Net.
        augment: as in :class:`Stage`; ``"head"`` uses no augmentation.
        device: as in :class:`Stage`.

    The other attributes are those of ``AlternationSettings``.

    Example:
        >>> Hash(methods=("head",), bits=(12, 24), rounds=5).rounds
        5
    """

    methods: tuple[str, ...] = METHODS
    bits: tuple[int, ...] = (12, 48)
    start: str = RANDOM
    labels: str = "product"
    parts: int = 4
    augment: str = "none"
    device: str = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        for method in self.methods:
            require_choice(METHODS, methods=method)
        for bits in self.bits:
            require_integers(6 if "semicon" in self.methods else 1, bits=bits)
        for name in ("methods", "bits"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{name} must be different, and at least one")
        require_choice(LABELS, labels=self.labels)
        require_choice(tuple(AUGMENTATIONS), augment=self.augment)
        require_choice(DEVICES, device=self.device)
        require_integers(1, parts=self.parts)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole recipe: data, search, model and the stages of its training.

    Attributes:
        name: the file's, without its ending; results are written under it.
        data, search, model: the tables of those names.
        stages: by name, in the order of the file.
        seeds: one run of all stages for each.
        hash: the table of that name; None where nothing is hashed.

    Example:
        >>> data = Data(reader="folders", folder="data/eth80")
        >>> recipe = Recipe(name="tiny", data=data, stages={"triplet": Stage(steps=10)})
        >>> recipe.to_plain()["stages"]["triplet"]["steps"]
        10
    """

    name: str
    data: Data
    search: Search = field(default_factory=Search)
    model: Model = field(default_factory=Model)
    stages: dict[str, Stage]
    seeds: tuple[int, ...] = (0,)
    hash: Hash | None = None

    def to_plain(self) -> dict[str, Any]:
        """Return the recipe as data for JSON."""
        return asdict(self)
