"""Trains for a few steps, as one process or as several, and writes gradients and weights.

Run by the tests: alone, it trains on the whole batches of two processes; under torchrun each of two
processes trains on its share of them.
"""

import sys
from pathlib import Path

import torch
from torch.utils.data import TensorDataset

from course_lib.networks import Embedder, SmallResNet, freeze_batch_norm
from course_lib.sampling import CategoryProductBatchSampler
from course_lib.training import Trainer, TrainingSettings, save_weights, training_step
from course_lib.training.distributed import World, world
from tests.course_lib.training.examples import striped_birds

PROCESSES = 2


class WholeBatches:
    """What several processes take at the same time, as one batch."""

    rank, world_size = 0, 1

    def __init__(self, sampler):
        self.sampler = sampler

    def set_epoch(self, epoch):
        self.sampler.set_epoch(epoch)

    def __iter__(self):
        batches = list(self.sampler)
        for i in range(0, len(batches) - PROCESSES + 1, PROCESSES):
            yield [index for batch in batches[i : i + PROCESSES] for index in batch]


def train(folder: Path, here: World) -> None:
    torch.set_num_threads(1)
    pictures, labels = striped_birds(n_products=12)
    sampler = CategoryProductBatchSampler(
        labels // 4,
        labels,
        n_categories=2,
        n_products=2,
        n_images=3,
        num_batches=4,
        rank=here.rank,
        world_size=here.size,
    )
    torch.manual_seed(0)
    # In float32 the two orders of summation drift apart within a few steps: 2e-6 after four.
    model = Embedder(SmallResNet((8, 16))).double()
    freeze_batch_norm(model)
    taken = []

    def step(network, optimizer, images, labels, *, generator):
        result = training_step(network, optimizer, images, labels, generator=generator)
        gradients = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
        taken.append(result.triplets)
        if here.leads:
            save_weights(gradients, folder / f"gradients-{len(taken)}.safetensors")
        return result

    outcome = Trainer(
        model,
        TensorDataset(pictures.double(), labels),
        sampler if here.size > 1 else WholeBatches(sampler),
        step,
        TrainingSettings(steps=5, optimizer="sgd", learning_rate=0.1, device="cpu", seed=3),
        evaluate=lambda _: {"recall": 0.5},
        folder=folder,
    ).run()
    assert all(taken)
    assert outcome.best == (5, {"recall": 0.5})  # every process hears it


if __name__ == "__main__":
    with world() as here:
        train(Path(sys.argv[1]), here)
