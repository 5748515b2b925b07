"""One stage of a recipe: an embedder, what it learns from, and the files that it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.datasets import ImageCollection
from course_lib.networks import Classifier, Embedder, build_backbone, freeze_batch_norm
from course_lib.recipes.config import RANDOM, Recipe, Stage
from course_lib.recipes.data import LabelledImages
from course_lib.reproducibility import seed_everything
from course_lib.sampling import CategoryProductBatchSampler
from course_lib.training import (
    ShuffledBatches,
    Trainer,
    classification_objective,
    contrastive_objective,
    load_weights,
    save_weights,
    smooth_ap_objective,
    triplet_objective,
)
from course_lib.training.augmentation import AUGMENTATIONS
from course_lib.training.batches import Batches
from course_lib.training.distributed import World
from course_lib.training.objectives import Step

EMBEDDER = "embedder.safetensors"


def started_embedder(recipe: Recipe, start: str, seed: int, folder: Path) -> Embedder:
    """Build an embedder with the weights of a trained stage, or with random weights.

    Args:
        recipe: says what backbone it has.
        start: name of the stage, or ``"random"``.
        seed: seed of random weights.
        folder: folder of all stages of this seed.

    Example:
        >>> from course_lib.recipes import read_recipe
        >>> recipe = read_recipe("04_birds")
        >>> started_embedder(recipe, "random", seed=0, folder=Path("run")).out_features
        128
    """
    seed_everything(seed)
    backbone = build_backbone(recipe.model.backbone, pretrained=recipe.model.pretrained)
    embedder = Embedder(backbone, dimensions=recipe.model.dimensions)
    if start != RANDOM:
        load_weights(embedder, folder / start / EMBEDDER)
    return embedder


def train_stage(
    recipe: Recipe,
    name: str,
    embedder: Embedder,
    train: ImageCollection,
    seed: int,
    folder: Path,
    *,
    measure: Callable[[nn.Module], dict[str, float]] | None,
    resume: bool,
    progress: bool,
) -> float | None:
    """Train an embedder in place, and save it.

    Args:
        recipe, name: the stage.
        embedder: with the weights of its start.
        train: images to learn from.
        seed: seed of everything that is drawn.
        folder: folder of all stages of this seed.
        measure: validation, which chooses the weights; None keeps the last ones.
        resume: go on with what is there.
        progress: show a bar.

    Returns:
        The seconds of its steps, or None if it was stopped.

    Example:
        >>> from PIL import Image
        >>> from course_lib.recipes.config import Data
        >>> colours = ("red", "blue", "black", "white")
        >>> pictures = [Image.new("RGB", (8, 8), colour) for colour in colours]
        >>> birds = ImageCollection(tuple(pictures), [0, 0, 1, 1], [0] * 4, ["train"] * 4)
        >>> stage = Stage(steps=1, device="cpu", n_categories=1, n_products=2, n_images=2)
        >>> data = Data(reader="cub", folder="")
        >>> recipe = Recipe(name="tiny", data=data, stages={"triplet": stage})
        >>> seconds = train_stage(
        ...     recipe, "triplet", Embedder(), birds, 0, Path("run"),
        ...     measure=None, resume=False, progress=False,
        ... )
        >>> sorted(path.name for path in Path("run/triplet").iterdir())
        ['embedder.safetensors', 'log.csv', 'step-00000001', 'training.png', 'weights.safetensors']
    """
    stage, folder = recipe.stages[name], folder / name
    ids = train.category_ids if stage.labels == "category" else train.product_ids
    classes, labels = np.unique(ids, return_inverse=True)
    model: nn.Module = embedder
    if stage.objective == "classification":
        torch.manual_seed(seed)
        model = Classifier(embedder, len(classes))
    if stage.freeze_batch_norm:
        freeze_batch_norm(model)
    outcome = Trainer(
        model,
        LabelledImages(train, labels, recipe.data),
        _batches(stage, seed, train.category_ids, train.product_ids),
        _objective(stage),
        replace(stage, seed=seed),
        augment=AUGMENTATIONS[stage.augment],
        evaluate=None if measure is None else lambda _: measure(embedder),
        folder=folder,
        progress=progress,
    ).run(resume=resume)
    if not outcome.finished:
        return None
    world = World.current()
    if world.leads:
        save_weights(embedder.state_dict(), folder / EMBEDDER)
    world.wait()
    return sum(step.seconds for step in outcome.log.steps)


def _objective(stage: Stage) -> Step:
    if stage.objective == "classification":
        return classification_objective()
    if stage.objective == "contrastive":
        return contrastive_objective(stage.margin)
    if stage.objective == "smooth_ap":
        return smooth_ap_objective(stage.temperature)
    return triplet_objective(stage.margin)


def _batches(stage: Stage, seed: int, category_ids: Any, product_ids: Any) -> Batches:
    world = World.current()
    place = {"seed": seed, "rank": world.rank, "world_size": world.size}
    if stage.objective == "classification":
        return ShuffledBatches(len(product_ids), stage.batch_size, **place)
    return CategoryProductBatchSampler(
        category_ids,
        product_ids,
        n_categories=stage.n_categories,
        n_products=stage.n_products,
        n_images=stage.n_images,
        **place,
    )
