"""Training a recipe: its stages one after the other, each measured, for every seed.

Two rungs stand at the bottom of each ladder and cost nothing: raw pixels, and the network before it
has learnt anything. What a trained network is worth shows only beside them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from course_lib.distances import l2_normalize
from course_lib.networks import Classifier, Embedder, build_backbone, freeze_batch_norm
from course_lib.recipes.config import METRICS, RANDOM, Recipe, RecipeError, Stage
from course_lib.recipes.data import (
    LabelledImages,
    Splits,
    read_splits,
    search_task,
)
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

RAW, UNTRAINED = "raw pixels", "untrained"
RECIPE, RESULTS, TABLE, EMBEDDER = (
    "recipe.json",
    "results.json",
    "ladder.md",
    "embedder.safetensors",
)

Results = dict[str, dict[str, float]]
"""Rung -> metric on the test split, and seconds of training."""


def _silent(line: str) -> None:
    """Say nothing."""


class RawPixels(nn.Module):
    """Thumbnails of 16 x 16 pixels as embeddings: what can be had without learning."""

    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, H, W)`` -> ``(N, 768)`` of length 1."""
        return l2_normalize(adaptive_avg_pool2d(images, 16).flatten(start_dim=1))


def train_recipe(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    progress: bool = False,
    say: Callable[[str], None] = _silent,
) -> dict[int, Results] | None:
    """Train all stages of a recipe for all its seeds, measure each on the test split.

    Writes into ``folder/seed-S/STAGE/`` what a ``Trainer`` does and ``embedder.safetensors``, and
    into ``folder`` ``results.json`` and ``ladder.md``.

    Args:
        recipe: what to train.
        folder: of the results.
        resume: go on with what is there.
        progress: show progress bars.
        say: is told what happens, one line at a time, by the leading process.

    Returns:
        Seed -> results; None when somebody stopped it with Ctrl-C.

    Raises:
        RecipeError: the folder holds something else, or the recipe does not fit its data.
        DatasetError: the data set is not on disk.
    """
    world = World.current()
    splits = read_splits(recipe.data)
    if world.leads:
        _claim(folder, recipe, resume)
    world.wait()
    ladder = _Ladder(recipe, folder, resume, progress, say if world.leads else _silent, splits)
    ladder.say(
        f"test: {len(ladder.test.queries)} queries among {len(ladder.test.retrieval)} images"
    )
    results: dict[int, Results] = {}
    for seed in recipe.seeds:
        found = ladder.climb(seed)
        if found is None:
            return None
        results[seed] = found
        if world.leads:
            plain = json.dumps({str(seed): rungs for seed, rungs in results.items()}, indent=1)
            (folder / RESULTS).write_text(plain + "\n", encoding="utf-8")
            (folder / TABLE).write_text(as_markdown(recipe, results), encoding="utf-8")
    return results


def as_markdown(recipe: Recipe, results: Mapping[int, Results]) -> str:
    """The ladder as a table: the mean over the seeds, in brackets the lowest and the highest."""
    titles = {name: stage.title or name for name, stage in recipe.stages.items()}
    lines = [
        "| stage | recall@1 | recall@5 | mAP | training, s |",
        "|---|---:|---:|---:|---:|",
    ]
    first = next(iter(results.values()))
    for rung in first:
        cells = [titles.get(rung, rung)]
        for metric in ("recall@1", "recall@5", "map"):
            cells.append(_spread([100 * rungs[rung][metric] for rungs in results.values()]))
        seconds = [rungs[rung].get("seconds", 0.0) for rungs in results.values()]
        cells.append(f"{mean(seconds):.0f}" if any(seconds) else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _spread(values: list[float]) -> str:
    if max(values) - min(values) < 0.05:
        return f"{values[0]:.1f}"
    return f"{mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def _claim(folder: Path, recipe: Recipe, resume: bool) -> None:
    """Make the folder this recipe's own, or find that it is."""
    # Not the seeds: others may be added to what is there.
    plain = json.dumps({**recipe.to_plain(), "seeds": None}, indent=1) + "\n"
    there = folder / RECIPE
    if not resume:
        if folder.exists() and any(folder.iterdir()):
            raise RecipeError(
                f"{folder} is not empty: add --resume to go on, or choose another --out"
            )
        folder.mkdir(parents=True, exist_ok=True)
        there.write_text(plain, encoding="utf-8")
    elif not there.is_file():
        raise RecipeError(f"{folder} holds no run to resume: leave out --resume")
    elif there.read_text(encoding="utf-8") != plain:
        raise RecipeError(f"{there} is of another recipe: resume with the same, or choose --out")


class _Ladder:
    """What all seeds and stages of a recipe share."""

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        resume: bool,
        progress: bool,
        say: Callable[[str], None],
        splits: Splits,
    ) -> None:
        self.recipe = recipe
        self.folder = folder
        self.resume = resume
        self.progress = progress
        self.say = say
        self.train = splits.collection.subset(splits.indices("train"))
        self.validation = search_task(splits, "validation", recipe.data, recipe.search)
        self.test = search_task(splits, "test", recipe.data, recipe.search)

    def climb(self, seed: int) -> Results | None:
        """All stages of one seed; None when somebody stopped it."""
        folder = self.folder / f"seed-{seed}"
        untrained = _new_embedder(self.recipe, seed)
        results = {RAW: self.test.measure(RawPixels()), UNTRAINED: self.test.measure(untrained)}
        for name, stage in self.recipe.stages.items():
            self.say(f"seed {seed}, {stage.title or name}")
            embedder = _new_embedder(self.recipe, seed)
            if stage.start != RANDOM:
                load_weights(embedder, folder / stage.start / EMBEDDER)
            seconds = self._train(embedder, stage, seed, folder / name)
            if seconds is None:
                return None
            results[name] = {**self.test.measure(embedder), "seconds": seconds}
            self.say("  " + ", ".join(f"{m} {results[name][m]:.3f}" for m in METRICS))
        return results

    def _train(self, embedder: Embedder, stage: Stage, seed: int, folder: Path) -> float | None:
        """Train an embedder in place; the seconds of its steps, or None if it was stopped."""
        train = self.train
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
            LabelledImages(train, labels, self.recipe.data),
            _batches(stage, seed, train.category_ids, train.product_ids),
            _objective(stage),
            replace(stage, seed=seed),
            augment=AUGMENTATIONS[stage.augment],
            evaluate=lambda _: self.validation.measure(embedder),
            folder=folder,
            progress=self.progress,
        ).run(resume=self.resume)
        if not outcome.finished:
            return None
        world = World.current()
        if world.leads:
            save_weights(embedder.state_dict(), folder / EMBEDDER)
        world.wait()
        return sum(step.seconds for step in outcome.log.steps)


def _new_embedder(recipe: Recipe, seed: int) -> Embedder:
    seed_everything(seed)
    backbone = build_backbone(recipe.model.backbone, pretrained=recipe.model.pretrained)
    return Embedder(backbone, dimensions=recipe.model.dimensions)


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
