"""The ``[hash]`` of a recipe: codes by every method at every length, on one fine-tuned backbone.

What a method leaves in ``seed-S/hash/METHOD-BITS/``: ``network.safetensors``, and packed codes and
their labels in ``codes.safetensors``. The alternation keeps no checkpoints: a run that was stopped
goes on with the first method and length that are not finished, from their beginning.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from course_lib.datasets import ImageCollection
from course_lib.evaluation import mean_average_precision
from course_lib.hashing import (
    AsymmetricHashing,
    binarize,
    hamming_mean_average_precision,
    learn_asymmetric,
    pack_codes,
    pairwise_codes,
)
from course_lib.networks import Embedder
from course_lib.networks.attribute_aware import A2Net
from course_lib.networks.hash_network import HashNetwork
from course_lib.networks.semicon import SEMICON
from course_lib.recipes.config import Data, Hash, Recipe, RecipeError
from course_lib.recipes.data import READERS, LabelledImages
from course_lib.recipes.stages import started_embedder, train_stage
from course_lib.recipes.tables import FLOATS, Results, hash_rung
from course_lib.training import ShuffledBatches, Trainer, TrainingSettings, embed, save_weights
from course_lib.training.augmentation import AUGMENTATIONS
from course_lib.training.batches import floating
from course_lib.training.distributed import World
from course_lib.training.hardware import choose_device
from course_lib.training.objectives import Objective

IMAGES_AT_ONCE = 256
RESULT = "result.json"


class HashRuns:
    """The hashing of a recipe: what all seeds, methods and lengths of codes share.

    Raises:
        RecipeError: the data set has no test images, or there are several processes.
        DatasetError: the data set is not on disk.
    """

    def __init__(
        self,
        recipe: Recipe,
        hashing: Hash,
        folder: Path,
        resume: bool,
        progress: bool,
        say: Callable[[str], None],
    ) -> None:
        if World.current().size > 1:
            raise RecipeError("[hash] trains in one process: start it without torchrun")
        self.recipe = recipe
        self.hashing = hashing
        self.folder = folder
        self.resume = resume
        self.progress = progress
        self.say = say
        self.device = choose_device(hashing.device)
        collection = READERS[recipe.data.reader](recipe.data.folder)
        is_query = collection.split == "test"
        if is_query.all() or not is_query.any():
            raise RecipeError(
                f"{recipe.data.folder} has no split of its own into training and test images, "
                "which [hash] needs"
            )
        self.train = collection.subset(~is_query)
        self.database = _labelled(self.train, hashing, recipe.data)
        self.queries = _labelled(collection.subset(is_query), hashing, recipe.data)
        say(f"{len(self.queries)} queries among {len(self.database)} images")

    def climb(self, seed: int) -> Results | None:
        """Train all stages, and then all methods, of one seed; None when somebody stopped it."""
        folder = self.folder / f"seed-{seed}"
        for name, stage in self.recipe.stages.items():
            self.say(f"seed {seed}, {stage.title or name}")
            seconds = train_stage(
                self.recipe,
                name,
                started_embedder(self.recipe, stage.start, seed, folder),
                self.train,
                seed,
                folder,
                measure=None,
                resume=self.resume,
                progress=self.progress,
            )
            if seconds is None:
                return None
        embedder = self._started(seed)
        rows = self.outputs(embedder, self.queries), self.outputs(embedder, self.database)
        cosine = mean_average_precision(rows[0], self.queries.labels, rows[1], self.database.labels)
        results = {FLOATS: {"map": cosine}}
        self.say(f"  {FLOATS}: mAP {cosine:.3f}")
        for method in self.hashing.methods:
            for bits in self.hashing.bits:
                rung = hash_rung(method, bits)
                self.say(f"seed {seed}, {rung} bits")
                found = self._finished(method, bits, seed, folder / "hash" / rung)
                if found is None:
                    return None
                results[rung] = found
                self.say("  " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
        return results

    def outputs(self, network: nn.Module, images: LabelledImages) -> Tensor:
        """Return ``(N, C)`` outputs for images, on the CPU."""
        parts = torch.arange(len(images)).split(IMAGES_AT_ONCE)
        return torch.cat([embed(network, floating(images[part][0])).cpu() for part in parts])

    def _started(self, seed: int) -> Embedder:
        folder = self.folder / f"seed-{seed}"
        return started_embedder(self.recipe, self.hashing.start, seed, folder).to(self.device)

    def _finished(self, method: str, bits: int, seed: int, folder: Path) -> dict[str, float] | None:
        """Return the metrics of a method at a length, from its files or after training."""
        there = folder / RESULT
        if self.resume and there.is_file():
            return cast(dict[str, float], json.loads(there.read_text(encoding="utf-8")))
        folder.mkdir(parents=True, exist_ok=True)
        start = perf_counter()
        learnt = self._learn(method, bits, seed, folder)
        if learnt is None:
            return None
        seconds = perf_counter() - start
        network, codes = learnt
        queries, by_itself = (
            pack_codes(binarize(self.outputs(network, images)))
            for images in (self.queries, self.database)
        )
        packed = pack_codes(codes)
        own, others = self.queries.labels, self.database.labels
        found = {
            "map": hamming_mean_average_precision(queries, own, packed, others),
            "map_network": hamming_mean_average_precision(queries, own, by_itself, others),
            "seconds": seconds,
        }
        save_weights(network.state_dict(), folder / "network.safetensors")
        files = {
            "queries": queries,
            "query_labels": own,
            "database": packed,
            "database_by_network": by_itself,
            "database_labels": others,
        }
        save_weights(files, folder / "codes.safetensors")
        there.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return found

    def _learn(
        self, method: str, bits: int, seed: int, folder: Path
    ) -> tuple[nn.Module, Tensor] | None:
        """Return a network in evaluation mode and codes of the database; None when stopped."""
        embedder = self._started(seed)
        settings = replace(self.hashing, seed=seed)
        augment = AUGMENTATIONS[self.hashing.augment]
        try:
            if method == "head":
                features = self.outputs(embedder, self.database)
                head = AsymmetricHashing(bits, settings=settings).fit(
                    features, self.database.labels
                )
                return nn.Sequential(embedder, head.network_.to(self.device)), head.codes_
            network = _network(method, embedder.backbone, bits, self.hashing.parts)
            network.to(self.device)
            if method == "pairwise":
                return self._learn_pairwise(network, bits, seed, folder)
            learnt = learn_asymmetric(
                network,
                self.database[:][0],
                self.database.labels,
                settings,
                augment=augment,
                progress=self.progress,
            )
            return network, learnt.codes
        except KeyboardInterrupt:
            return None

    def _learn_pairwise(
        self, network: nn.Module, bits: int, seed: int, folder: Path
    ) -> tuple[nn.Module, Tensor] | None:
        """Find a code for each label, and train a network to give images the code of their label.

        With a code for each image, stage one would take the number of images squared.
        """
        hashing, labels = self.hashing, self.database.labels
        similarities = 2 * torch.eye(int(labels.max()) + 1, dtype=torch.float64) - 1
        codes = binarize(pairwise_codes(similarities, bits, seed=seed)[0]).float()
        targets = codes.to(self.device)
        batches = -(-min(hashing.sample_size, len(labels)) // hashing.batch_size)
        outcome = Trainer(
            network,
            self.database,
            ShuffledBatches(len(labels), hashing.batch_size, seed=seed),
            Objective(lambda outputs, ids, _: mse_loss(outputs, targets[ids])),
            TrainingSettings(
                steps=hashing.rounds * hashing.epochs * batches,
                learning_rate=hashing.learning_rate,
                weight_decay=hashing.weight_decay,
                seed=seed,
                device=hashing.device,
                precision=hashing.precision,
            ),
            augment=AUGMENTATIONS[hashing.augment],
            folder=folder,
            progress=self.progress,
        ).run(resume=self.resume)
        return (network, codes[labels]) if outcome.finished else None


def _network(method: str, backbone: nn.Module, bits: int, parts: int) -> nn.Module:
    if method == "a2net":
        return A2Net(backbone, bits, n_parts=parts)
    return SEMICON(backbone, bits) if method == "semicon" else HashNetwork(backbone, bits)


def _labelled(collection: ImageCollection, hashing: Hash, data: Data) -> LabelledImages:
    """Label images, as the data set numbers the labels."""
    by_category = hashing.labels == "category"
    labels = collection.category_ids if by_category else collection.product_ids
    return LabelledImages(collection, labels, data)
