"""The training loop against pytorch-metric-learning's: same network, loss, miner class, batches."""

import io
from collections.abc import Iterator
from contextlib import redirect_stderr

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import TripletMarginMiner
from pytorch_metric_learning.reducers import MeanReducer
from pytorch_metric_learning.trainers import MetricLossOnly
from torch.utils.data import Sampler, TensorDataset

from benchmarks.harness import OURS, Comparison, Row, interleaved_medians
from course_lib.networks import Embedder
from course_lib.sampling import CategoryProductBatchSampler
from course_lib.training import Trainer, TrainingSettings, triplet_objective

PEER = "MetricLossOnly"
MARGIN = 0.2
TARGET = 0.9
STEPS = 10
CATEGORIES, PRODUCTS, IMAGES = 12, 6, 30  # the field guide's training photos
BATCH = {"n_categories": 4, "n_products": 4, "n_images": 4}


class OneByOne(Sampler[int]):
    """The same batches for a loader that wants single indices."""

    def __init__(self, batches: CategoryProductBatchSampler) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[int]:
        for batch in self.batches:
            yield from batch


def measure(repeats: int) -> list[Comparison]:
    """Ten steps of each, on 64 images of 64 pixels held in memory."""
    dataset, categories, products = _photos()

    def batches() -> CategoryProductBatchSampler:
        return CategoryProductBatchSampler(categories, products, num_batches=STEPS, **BATCH)

    networks = {name: _network() for name in (OURS, PEER)}

    def ours() -> None:
        settings = TrainingSettings(steps=STEPS, device="cpu")
        step = triplet_objective(MARGIN)
        Trainer(networks[OURS], dataset, batches(), step, settings).run()

    def peers() -> None:
        with redirect_stderr(io.StringIO()):  # its progress bar
            _peer(networks[PEER], dataset, batches()).train(num_epochs=1)

    seconds = interleaved_medians({OURS: ours, PEER: peers}, repeats)
    images = STEPS * BATCH["n_categories"] * BATCH["n_products"] * BATCH["n_images"]
    comparison = Comparison(
        f"Training: {STEPS} steps of 64 images, 64 x 64 pixels, SmallResNet, semi-hard triplets",
        [Row(name, s, f"{images / s:.0f} images/s") for name, s in seconds.items()],
    )
    comparison.claim_faster(PEER, TARGET)
    return [comparison]


def _photos() -> tuple[TensorDataset, torch.Tensor, torch.Tensor]:
    """Noise around a colour for each product; what they show does not change the time."""
    generator = torch.Generator().manual_seed(0)
    products = torch.arange(CATEGORIES * PRODUCTS).repeat_interleave(IMAGES)
    colours = torch.rand(CATEGORIES * PRODUCTS, 3, 1, 1, generator=generator)
    photos = (colours[products] + torch.rand(len(products), 3, 64, 64, generator=generator)) / 2
    return TensorDataset(photos, products), products // PRODUCTS, products


def _network() -> Embedder:
    torch.manual_seed(0)
    return Embedder()


def _peer(
    network: Embedder, dataset: TensorDataset, batches: CategoryProductBatchSampler
) -> MetricLossOnly:
    distance = LpDistance(power=2, normalize_embeddings=False)  # squared, of vectors of length 1
    return MetricLossOnly(
        models={"trunk": network, "embedder": torch.nn.Identity()},
        optimizers={"trunk_optimizer": torch.optim.Adam(network.parameters(), lr=1e-3)},
        batch_size=batches.batch_size,
        loss_funcs={
            "metric_loss": TripletMarginLoss(MARGIN, distance=distance, reducer=MeanReducer())
        },
        mining_funcs={
            "tuple_miner": TripletMarginMiner(
                MARGIN, type_of_triplets="semihard", distance=distance
            )
        },
        dataset=dataset,
        data_device="cpu",
        sampler=OneByOne(batches),
        iterations_per_epoch=STEPS,
        dataloader_num_workers=0,
    )
