"""How well codes search: methods beside each other, at several lengths.

    python -m benchmarks.hash_figures eth80 birds --markdown docs/hashing.md

Features are cached: a classifier of fine labels (objects, species) is trained once for each seed,
and all methods see its embeddings. Mean average precision over all ranks, ties by index.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from rich.console import Console
from torch import Tensor
from torch.utils.data import TensorDataset

from benchmarks.__main__ import refreshed
from course_lib.datasets import ImageCollection, read_cub, read_folders
from course_lib.datasets.collection import Crop
from course_lib.evaluation import mean_average_precision
from course_lib.hashing import (
    ITQ,
    LSH,
    AlternationSettings,
    AsymmetricHashing,
    SpectralHashing,
    hamming_mean_average_precision,
    pack_codes,
)
from course_lib.networks import Classifier, Embedder
from course_lib.reproducibility import seed_everything
from course_lib.training import (
    ShuffledBatches,
    Trainer,
    TrainingSettings,
    classification_objective,
    embed,
    mirror_and_shift,
)

LENGTHS = (12, 24, 32, 48)
SEEDS = (0, 1, 2)
STEPS = 500
SIZE = 64  # side of the images in pixels
ALTERNATION = AlternationSettings(rounds=15, learning_rate=1e-3)


@dataclass(frozen=True)
class Task:
    """What is searched for what: a database, which the classifier is trained on, and queries.

    Attributes:
        title: for the table.
        database, queries: images.
        labels: ids of a collection that make an image relevant.
        crop: part of each image that the network sees.
    """

    title: str
    database: ImageCollection
    queries: ImageCollection
    labels: Callable[[ImageCollection], np.ndarray]
    crop: Crop


def eth80(data: Path) -> Task:
    """Categories of objects that were never seen, in photos of 64 others."""
    images = read_folders(data / "eth80")
    return Task(
        "ETH-80, categories: photos of 16 unseen objects in those of 64 others",
        images.subset(images.split != "test"),
        images.subset(images.split == "test"),
        lambda part: part.category_ids,
        "full",
    )


def birds(data: Path) -> Task:
    """Species that are known, in new photos."""
    images = read_cub(data / "birds")
    is_query = np.arange(len(images)) % 2 == 1
    return Task(
        "Birds, species: every second photo in the others, 120 species",
        images.subset(~is_query),
        images.subset(is_query),
        lambda part: part.product_ids,
        "box",
    )


TASKS = {"eth80": eth80, "birds": birds}


def main() -> None:
    """Measure the tasks that are asked for; print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="+", choices=list(TASKS))
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="replace its tables")
    arguments = parser.parse_args()
    console = Console()
    for name in arguments.tasks:
        task = TASKS[name](arguments.data)
        table = as_markdown(task, measure(task))
        console.print(table)
        if arguments.markdown is not None:
            page = arguments.markdown.read_text(encoding="utf-8")
            arguments.markdown.write_text(refreshed(page, table), encoding="utf-8")


def measure(task: Task) -> dict[str, dict[int, list[float]]]:
    """Method -> bits (0: no codes) -> mean average precision for each seed."""
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    labels = [torch.tensor(task.labels(part)) for part in (task.database, task.queries)]
    for seed in SEEDS:
        database, queries = features(task, seed)
        cosine = mean_average_precision(queries, labels[1], database, labels[0])
        found["float embeddings"][0].append(cosine)
        for bits in LENGTHS:
            for name, (query_codes, codes) in codes_of(database, labels[0], queries, bits).items():
                value = hamming_mean_average_precision(
                    pack_codes(query_codes), labels[1], pack_codes(codes), labels[0]
                )
                found[name][bits].append(value)
    return found


def features(task: Task, seed: int) -> tuple[Tensor, Tensor]:
    """Embeddings of database and queries, by a classifier of the database's products."""
    seed_everything(seed)
    images = [part.tensor(size=SIZE, crop=task.crop) for part in (task.database, task.queries)]
    targets = torch.tensor(np.unique(task.database.product_ids, return_inverse=True)[1])
    classifier = Classifier(Embedder(), int(targets.max()) + 1)
    Trainer(
        classifier,
        TensorDataset(images[0], targets),
        ShuffledBatches(len(targets), batch_size=64, seed=seed),
        classification_objective(),
        TrainingSettings(
            steps=STEPS, optimizer="sgd", learning_rate=0.05, schedule="one-cycle", seed=seed
        ),
        augment=mirror_and_shift,
    ).run()
    database, queries = (embed(classifier.embedder, part).cpu() for part in images)
    return database, queries


def codes_of(
    database: Tensor, labels: Tensor, queries: Tensor, bits: int
) -> dict[str, tuple[Tensor, Tensor]]:
    """Method -> codes of queries and database."""
    codes = {}
    for name, hasher in (
        ("LSH", LSH(bits)),
        ("spectral hashing", SpectralHashing(bits)),
        ("ITQ", ITQ(bits)),
    ):
        hasher.fit(database)
        codes[name] = hasher.transform(queries), hasher.transform(database)
    learnt = AsymmetricHashing(bits, settings=ALTERNATION).fit(database, labels)
    query_codes = learnt.transform(queries)
    codes["asymmetric, both by the network"] = query_codes, learnt.transform(database)
    codes["asymmetric, learnt database codes"] = query_codes, learnt.codes_
    return codes


def as_markdown(task: Task, found: dict[str, dict[int, list[float]]]) -> str:
    """In per cent, mean over the seeds, and lowest to highest in brackets."""
    lines = [
        f"## {task.title}",
        "",
        f"| method | {' | '.join(f'{bits} bits' for bits in LENGTHS)} |",
        f"|---|{'---:|' * len(LENGTHS)}",
    ]
    for name, values in found.items():
        cells = [_spread(values[bits if bits in values else 0]) for bits in LENGTHS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _spread(values: list[float]) -> str:
    low, middle, high = (100 * f(values) for f in (min, mean, max))
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()
