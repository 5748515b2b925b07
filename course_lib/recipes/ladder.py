"""Recipes in training: the stages one after the other, each measured, for every seed.

Two rungs stand at the bottom of each ladder and cost nothing: raw pixels, and the network before it
has learnt anything. What a trained network is worth shows only beside them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from course_lib.distances import l2_normalize
from course_lib.recipes.config import METRICS, RANDOM, Recipe, RecipeError
from course_lib.recipes.data import read_splits, search_task
from course_lib.recipes.hashing import HashRuns
from course_lib.recipes.stages import started_embedder, train_stage
from course_lib.recipes.tables import Results, as_markdown
from course_lib.training.distributed import World

RAW, UNTRAINED = "raw pixels", "untrained"
RECIPE, RESULTS, TABLE = "recipe.json", "results.json", "ladder.md"


def _silent(line: str) -> None:
    """Say nothing."""


class RawPixels(nn.Module):
    """Thumbnails of 16 x 16 pixels as embeddings: what can be had without learning.

    Example:
        >>> import torch
        >>> RawPixels()(torch.rand(2, 3, 64, 64)).shape
        torch.Size([2, 768])
    """

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` to ``(N, 768)`` of length 1."""
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
        folder: folder of the results.
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
    say = say if world.leads else _silent
    ladder: HashRuns | _Ladder
    if recipe.hash is None:
        ladder = _Ladder(recipe, folder, resume, progress, say)
    else:
        ladder = HashRuns(recipe, recipe.hash, folder, resume, progress, say)
    if world.leads:
        _claim(folder, recipe, resume)
    world.wait()
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


def _claim(folder: Path, recipe: Recipe, resume: bool) -> None:
    """Make the folder this recipe's own, or refuse a folder that is not."""
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
    """The training of a recipe: what all seeds and stages share."""

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        resume: bool,
        progress: bool,
        say: Callable[[str], None],
    ) -> None:
        splits = read_splits(recipe.data)
        self.recipe = recipe
        self.folder = folder
        self.resume = resume
        self.progress = progress
        self.say = say
        self.train = splits.collection.subset(splits.indices("train"))
        self.validation = search_task(splits, "validation", recipe.data, recipe.search)
        self.test = search_task(splits, "test", recipe.data, recipe.search)
        say(f"test: {len(self.test.queries)} queries among {len(self.test.retrieval)} images")

    def climb(self, seed: int) -> Results | None:
        """Train all stages of one seed; None when somebody stopped it."""
        folder = self.folder / f"seed-{seed}"
        untrained = started_embedder(self.recipe, RANDOM, seed, folder)
        results = {RAW: self.test.measure(RawPixels()), UNTRAINED: self.test.measure(untrained)}
        for name, stage in self.recipe.stages.items():
            self.say(f"seed {seed}, {stage.title or name}")
            embedder = started_embedder(self.recipe, stage.start, seed, folder)
            seconds = train_stage(
                self.recipe,
                name,
                embedder,
                self.train,
                seed,
                folder,
                measure=self.validation.measure,
                resume=self.resume,
                progress=self.progress,
            )
            if seconds is None:
                return None
            results[name] = {**self.test.measure(embedder), "seconds": seconds}
            self.say("  " + ", ".join(f"{m} {results[name][m]:.3f}" for m in METRICS))
        return results
