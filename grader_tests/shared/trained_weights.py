"""What the tests of trained weights share: the file's form, and new photos to try it on.

Weights are read here as tensors and never put into a network: that happens where the answer runs.
"""

from __future__ import annotations

import functools

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from autograder.testing import Misconception, Submission, expect, fail
from course_lib.networks import Embedder
from data_scripts.birds import fresh_photos

NOT_THERE = (
    "Run the training cell and then the cell that saves the weights, in this workspace. Hand in "
    "with `submit`, which packs the file beside the notebook."
)
OTHER_NETWORK = Misconception(
    "saves the tensors of another network",
    "Save the state_dict() of the Embedder() alone: without the classifier's head, without a "
    "wrapper around it, with its statistics, at its own width.",
)
NOT_FINITE = Misconception(
    "training went wrong: some weights are infinite or no numbers",
    "The learning rate is too high, or a distance's square root has an infinite gradient at 0.",
)

GOOD_ENOUGH = 0.56
"""Share of comparisons that pass; docs/training.md says how it was chosen."""
PUBLIC_PHOTOS = 4
"""Seed of the photos of the public test; that of the hidden one nobody knows."""

SPECIES, UNSEEN, PHOTOS, SIDE = 30, range(20, 30), 6, 48
"""Of the guide's 30 species a genus, the last 10 are in no training set; 6 new photos of each."""


def weights_in(artifact: bytes | None) -> dict[str, Tensor]:
    """The tensors that were handed in: finite, and those of an ``Embedder()`` by name and shape."""
    if artifact is None:
        fail("no weights/04_embedder.safetensors was handed in.", help=NOT_THERE)
    try:
        found = load(artifact)
    except SafetensorError as error:
        fail(f"weights/04_embedder.safetensors is no whole safetensors file ({error}).")
    for name, expected in Embedder().state_dict().items():
        tensor = found.get(name)
        there = "missing" if tensor is None else f"{tuple(tensor.shape)}, {tensor.dtype}"
        expect(
            tensor is not None
            and tensor.shape == expected.shape
            and tensor.dtype is expected.dtype,
            f"{name} should be {tuple(expected.shape)}, {expected.dtype}; it is {there}.",
            misconception=OTHER_NETWORK,
        )
    unknown = sorted(found.keys() - Embedder().state_dict().keys())
    expect(
        not unknown,
        f"the file should hold an Embedder's tensors only; it also has {', '.join(unknown[:5])}.",
        misconception=OTHER_NETWORK,
    )
    strange = [name for name, tensor in found.items() if not torch.isfinite(tensor).all()]
    expect(not strange, f"{', '.join(strange[:5])} should be finite.", misconception=NOT_FINITE)
    return found


def expect_trained(submission: Submission, photo_seed: int) -> None:
    """Fail unless the handed-in weights tell unseen species of a genus apart, on new photos."""
    photos, species, genera = new_photos(photo_seed)
    embeddings = submission.probe("embedded_photos", weights_in(submission.artifact), photos)
    expect(
        type(embeddings) is Tensor and embeddings.shape == (len(photos), 128),
        f"the embeddings should have shape ({len(photos)}, 128).",
    )
    share = own_species_nearer(embeddings, species, genera)
    expect(
        share >= GOOD_ENOUGH,
        "of two new photos of a query's genus, one of its own species and one of another, the "
        f"former should be nearer in {GOOD_ENOUGH:.0%} of all cases; it is in {share:.1%}.",
        help="Chance, untrained weights and a collapsed network give 50%, the genus classifier "
        "54%. Save the network that was fine-tuned, with the right labels and frozen batch "
        "normalisation, after all of its steps.",
    )


def own_species_nearer(embeddings: Tensor, species: Tensor, genera: Tensor) -> float:
    """How often, of two photos of the query's genus, that of its own species is the nearer one.

    Over all photos as queries and all such pairs; 1/2 by chance, and where all are equally far.
    It looks past what a classifier of genera knows, and varies less with the photos than a search
    in all of them.
    """
    right, pairs = 0.0, 0
    for genus in genera.unique():
        rows, labels = embeddings[genera == genus].double(), species[genera == genus]
        distances = torch.cdist(rows, rows)
        own = labels[:, None] == labels
        of_others = ~own
        own.fill_diagonal_(False)
        for query, near in enumerate(distances):
            difference = near[of_others[query]] - near[own[query], None]
            right += ((difference > 0).sum() + 0.5 * (difference == 0).sum()).item()
            pairs += difference.numel()
    return right / pairs


@functools.lru_cache(maxsize=4)
def new_photos(photo_seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """``(N, 3, 48, 48)`` photos of uint8, ``(N,)`` species and genera; takes a second or two."""
    taken = fresh_photos(photo_seed, photos=PHOTOS, species=SPECIES, chosen=UNSEEN)
    pixels = (255 * taken.tensor(size=SIDE, crop="box")).round().to(torch.uint8)
    return pixels, torch.tensor(taken.product_ids), torch.tensor(taken.category_ids)
