"""ADSH's alternation: the network learns for a while, then the database's codes are found anew."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn
from tqdm.auto import tqdm

from course_lib.hashing.asymmetric import (
    asymmetric_loss,
    asymmetric_objective,
    dissimilar_value,
    draw_sample,
    similarity_products,
    update_codes,
)
from course_lib.hashing.codes import binarize
from course_lib.networks.attribute_aware import A2Net
from course_lib.training.batches import floating
from course_lib.training.hardware import PRECISIONS, choose_precision
from course_lib.validation import (
    require_choice,
    require_embeddings,
    require_integers,
    require_labels,
    require_module,
    require_positive,
)


@dataclass(frozen=True, kw_only=True)
class AlternationSettings:
    """The numbers of the alternation: how long and how fast a network and codes are learnt.

    Attributes:
        rounds: samples drawn; after each all codes are found anew.
        sample_size: images of the database that the network learns from in a round, at most.
        epochs: passes over the sample in a round.
        batch_size: images in a step.
        learning_rate: learning rate of Adam.
        weight_decay: weight decay of Adam.
        gamma: weight of the outputs' distance from their codes.
        seed: seed of samples and order.
        precision: ``"auto"``, ``"float32"`` or ``"bfloat16"``, of convolutions; see
            ``course_lib.training.hardware``.

    Example:
        >>> AlternationSettings(rounds=2).rounds
        2
        >>> AlternationSettings(rounds=0)
        Traceback (most recent call last):
            ...
        ValueError: rounds must be at least 1, got 0
    """

    rounds: int = 10
    sample_size: int = 2000
    epochs: int = 3
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    gamma: float = 200.0
    seed: int = 0
    precision: str = "auto"

    def __post_init__(self) -> None:
        require_integers(1, rounds=self.rounds, sample_size=self.sample_size, epochs=self.epochs)
        require_integers(1, batch_size=self.batch_size)
        require_positive(learning_rate=self.learning_rate, gamma=self.gamma)
        require_choice(PRECISIONS, precision=self.precision)


@dataclass
class Alternation:
    """The result of an alternation: the database's codes, and how the objective went.

    Attributes:
        codes: V, ``(N, C)`` codes of the database, −1 or +1, on the CPU.
        objectives: for each round, ADSH's objective a pair, before and after the codes were found.
            Another sample is drawn for each round, so only the two of one round can be compared.

    Example:
        >>> Alternation(codes=torch.ones(2, 8), objectives=[(3.0, 1.5)]).codes.shape
        torch.Size([2, 8])
    """

    codes: Tensor
    objectives: list[tuple[float, float]]


def learn_asymmetric(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    settings: AlternationSettings | None = None,
    *,
    augment: Callable[[Tensor], Tensor] | None = None,
    progress: bool = False,
) -> Alternation:
    """Train a network for queries in place, and find codes for the database.

    The codes start as those that the untrained network gives: from zeros, as published, the first
    round has nothing to learn but its own norm.

    Args:
        network: maps inputs to ``(B, C)`` outputs in [−1, 1]; on any device. An ``A2Net`` is
            trained with its own terms, too.
        inputs: ``(N, ...)`` images or features of the database, on the CPU; floating point, or
            uint8 images, which the network gets in [0, 1].
        labels: ``(N,)`` integer labels, on the CPU.
        settings: None for the defaults.
        augment: changes a batch of inputs on the device before the network learns from it; draws
            from torch's global generator.
        progress: show a bar of the rounds.

    Returns:
        The codes, and how the objective went.

    Raises:
        TypeError, ValueError: inputs and labels do not fit.
        FloatingPointError: the network's outputs are no longer finite.

    Source: Jiang & Li, "Asymmetric Deep Supervised Hashing", AAAI 2018, algorithm 1.

    Example:
        >>> features = torch.randn(60, 8, generator=torch.Generator().manual_seed(0))
        >>> labels = torch.arange(60) % 3
        >>> network = nn.Sequential(nn.Linear(8, 12), nn.Tanh())
        >>> found = learn_asymmetric(network, features, labels, AlternationSettings(rounds=2))
        >>> found.codes.shape
        torch.Size([60, 12])
        >>> all(after <= before for before, after in found.objectives)
        True
    """
    require_module(network, "network")
    require_labels(labels, of=inputs)

    learner = _Learner(network, inputs, labels, settings or AlternationSettings(), augment)
    rounds = tqdm(range(learner.settings.rounds), unit="round", disable=not progress)
    objectives = [learner.round() for _ in rounds]
    network.eval()
    return Alternation(learner.codes.cpu(), objectives)


class _Learner:
    """Network and codes while they are learnt."""

    def __init__(
        self,
        network: nn.Module,
        inputs: Tensor,
        labels: Tensor,
        settings: AlternationSettings,
        augment: Callable[[Tensor], Tensor] | None,
    ) -> None:
        self.augment = augment
        self.settings = settings
        self.network = network
        self.inputs = inputs
        self.device = next(network.parameters()).device
        self.precision = choose_precision(settings.precision, self.device)
        self.labels = labels.to(self.device)
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.optimizer = torch.optim.Adam(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.codes = binarize(self.outputs(torch.arange(len(inputs))))

    def round(self) -> tuple[float, float]:
        """Draw a sample, learn from it, find the codes: the objective before and after these."""
        sample = draw_sample(len(self.inputs), self.settings.sample_size, self.generator)
        own = self.labels[sample.to(self.device)]
        pairs = len(sample) * len(self.inputs)
        n_similar = int((own[:, None] == self.labels).sum())
        other = dissimilar_value(n_similar, pairs)
        self.learn(sample, other)

        outputs, rows = self.outputs(sample), sample.to(self.device)
        products, _ = similarity_products(outputs, own, self.labels)
        squares = n_similar + other**2 * (pairs - n_similar)
        gamma = self.settings.gamma
        before = asymmetric_objective(self.codes, outputs, rows, products, squares, gamma)
        if not math.isfinite(before):
            raise FloatingPointError("the outputs are no longer finite: lower learning_rate")
        self.codes = update_codes(self.codes, outputs, rows, products, gamma)
        after = asymmetric_objective(self.codes, outputs, rows, products, squares, gamma)
        return before / pairs, after / pairs

    def learn(self, sample: Tensor, other: float) -> None:
        """Passes of the network over a sample, with all codes fixed."""
        self.network.train()
        for _ in range(self.settings.epochs):
            order = sample[torch.randperm(len(sample), generator=self.generator)]
            for batch in order.split(self.settings.batch_size):
                loss = self.loss(batch, other)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()

    def loss(self, batch: Tensor, other: float) -> Tensor:
        """ADSH's loss of a batch; and A²-Net's terms, where the network has them."""
        images, rows = self.given(batch), batch.to(self.device)
        if self.augment is not None:
            images = self.augment(images)
        similar = self.labels[rows][:, None] == self.labels
        similarities = torch.where(similar, 1.0, other).to(self.codes.dtype)
        gamma = self.settings.gamma
        if not isinstance(self.network, A2Net):
            outputs = self.forward(images)
            return asymmetric_loss(outputs, self.codes, similarities, rows, gamma)
        with self.autocast():
            outputs, terms = self.network.with_terms(images)
        loss = asymmetric_loss(outputs, self.codes, similarities, rows, gamma)
        return loss + terms.reconstruction + terms.encoding + terms.decorrelation

    @torch.no_grad()
    def outputs(self, rows: Tensor) -> Tensor:
        """Of the network in evaluation mode, for rows of the inputs."""
        self.network.eval()
        batches = rows.split(4 * self.settings.batch_size)
        return torch.cat([self.forward(self.given(batch)) for batch in batches])

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs of the network, in the inputs' own precision."""
        with self.autocast():
            return self.network(inputs).to(inputs.dtype)

    def autocast(self) -> torch.autocast:
        """Where convolutions are in the chosen precision."""
        lower = self.precision != torch.float32
        return torch.autocast(self.device.type, self.precision if lower else None, enabled=lower)

    def given(self, rows: Tensor) -> Tensor:
        """Inputs on the device, floating point."""
        return floating(self.inputs[rows].to(self.device))


class AsymmetricHashing(TransformerMixin, BaseEstimator):
    """Asymmetric hashing of features that are there already, by one linear layer.

    Args:
        n_bits: length of the codes.
        settings: settings of the alternation; None for the defaults.

    Attributes:
        network_: ``(N, D)`` features -> ``(N, n_bits)`` outputs.
        codes_: codes of the images that it was fitted to, found from their labels: use them for the
            database.
        objectives_: see :class:`Alternation`.

    Example:
        >>> features = torch.randn(60, 8, generator=torch.Generator().manual_seed(0))
        >>> labels = torch.arange(60) % 3
        >>> settings = AlternationSettings(rounds=2)
        >>> hasher = AsymmetricHashing(12, settings=settings).fit(features, labels)
        >>> hasher.codes_.shape, hasher.transform(features[:5]).shape
        (torch.Size([60, 12]), torch.Size([5, 12]))
    """

    def __init__(self, n_bits: int = 32, *, settings: AlternationSettings | None = None) -> None:
        self.n_bits = n_bits
        self.settings = settings

    def fit(self, features: Tensor, y: Tensor) -> Self:
        """Learn from ``(N, D)`` features and ``(N,)`` integer labels."""
        require_embeddings(features=features)
        require_labels(y, "y", of=features)
        require_integers(1, n_bits=self.n_bits)
        settings = self.settings or AlternationSettings()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            layer = nn.Linear(features.shape[1], self.n_bits)
        scale = _Standardize(features)
        self.network_ = nn.Sequential(scale, layer.to(features.dtype), nn.Tanh())
        learnt = learn_asymmetric(self.network_, features, y, settings)
        self.codes_, self.objectives_ = learnt.codes, learnt.objectives
        return self

    @torch.no_grad()
    def transform(self, features: Tensor) -> Tensor:
        """Return the ``(N, n_bits)`` codes of ``(N, D)`` features of queries, −1 or +1."""
        check_is_fitted(self, "network_")
        require_embeddings(features=features)
        return binarize(self.network_(features))


class _Standardize(nn.Module):
    """Features without their mean, and divided by one deviation for all."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", features.mean(dim=0))
        self.register_buffer("deviation", (features - features.mean(dim=0)).std().clamp_min(1e-12))

    def forward(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.deviation
