"""What public and hidden tests of semi_hard_triplets share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autograder.testing import Misconception, fail
from grader_tests.shared.index_rows import NO_PARTNER, UNORDERED, index_rows

Rule = Callable[[float, float, float, float], bool]
"""Whether a negative is taken: of d²(a, p), d²(a, n), d²(p, n) and the margin."""
NAMES = ("anchors", "positives", "negatives")
POSITION_IN_A_LIST = Misconception(
    "takes the position in the list of negatives for a position in the batch",
    "The draw says which of the anchor's negatives it is, the 0th, 1st, 2nd ...; the image is what "
    "stands at that place of the list. Map it back.",
)
OWN_PRODUCT = Misconception(
    "takes images of the anchor's own product as negatives",
    "A negative shows another product: labels[a] != labels[n]. An image of the own product at that "
    "distance must not be pushed away.",
)
ALL_OF_THEM = Misconception(
    "returns several negatives for a pair",
    "One negative is drawn for each pair; otherwise pairs with many negatives outvote the others.",
)
FALLBACK = Misconception(
    "takes some other negative where a pair has no semi-hard one",
    "Such a pair is left out: an easy negative teaches nothing, and the hardest ones are often "
    "wrong labels.",
)
EMPTY_ROWS = Misconception(
    "keeps pairs that have no semi-hard negative",
    "argmax of a row without any True is 0, so image 0 seems to be chosen. Drop the rows of the "
    "mask that hold no True, in all three vectors.",
)


def semi_hard(ap: float, an: float, pn: float, margin: float) -> bool:
    """The rule that is asked for, on squared distances."""
    return ap < an < ap + margin


WRONG_RULES: list[tuple[Rule, Misconception]] = [
    (lambda ap, an, pn, m: ap < an <= ap + m, Misconception(
        "counts a loss of exactly 0 as semi-hard",
        "0 < loss is asked: a negative farther by exactly the margin has nothing left to teach.")),
    (lambda ap, an, pn, m: ap <= an < ap + m, Misconception(
        "counts a negative exactly as far as the positive as semi-hard",
        "loss < margin is asked: at equality the negative is not farther than the positive.")),
    (lambda ap, an, pn, m: ap <= an <= ap + m, Misconception(
        "includes both ends of the semi-hard band",
        "Both inequalities are strict: 0 < loss < margin.")),
    (lambda ap, an, pn, m: ap**0.5 < an**0.5 < ap**0.5 + m, Misconception(
        "compares roots of the distances",
        "The matrix holds squared distances, and so does the loss: take no root.")),
    (lambda ap, an, pn, m: ap**2 < an**2 < ap**2 + m, Misconception(
        "squares the distances once more", "The matrix already holds squared distances.")),
    (lambda ap, an, pn, m: ap < pn < ap + m, Misconception(
        "measures the negative from the positive",
        "Both distances start at the anchor: row a of the matrix, not row p.")),
    (lambda ap, an, pn, m: ap - m < an < ap, Misconception(
        "has the difference of the distances the wrong way round",
        "The loss is d²(a, p) - d²(a, n) + margin. As it stands, negatives nearer than the "
        "positive are chosen.")),
    (lambda ap, an, pn, m: an < ap, Misconception(
        "chooses the hard negatives",
        "loss > margin means that the negative is nearer than the positive. Semi-hard is "
        "0 < loss < margin.")),
    (lambda ap, an, pn, m: an < ap + m, Misconception(
        "asks for loss > 0 only, which includes the hard negatives",
        "A negative nearer than the positive has loss > margin: ask for loss < margin as well.")),
    (lambda ap, an, pn, m: an > ap, Misconception(
        "asks for loss < margin only, which includes the easy negatives",
        "A negative farther by more than the margin has a negative loss before the hinge: ask for "
        "0 < loss as well.")),
    (lambda ap, an, pn, m: an > ap + m, Misconception(
        "chooses the easy negatives",
        "They keep the margin already and cost nothing. Semi-hard is 0 < loss < margin.")),
    (lambda ap, an, pn, m: True, Misconception(
        "takes any negative", "Only those with 0 < loss < margin are semi-hard.")),
]  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """Squared distances, product ids and margin of a batch, with what they ask for."""

    distances: torch.Tensor
    labels: torch.Tensor
    margin: float = 0.25

    @property
    def arguments(self) -> tuple[torch.Tensor, torch.Tensor, float]:
        """Positional arguments of the miner."""
        return self.distances, self.labels, self.margin

    def negatives(self, anchor: int) -> list[int]:
        """Images of other products than the anchor's."""
        labels = self.labels.tolist()
        return [n for n, label in enumerate(labels) if label != labels[anchor]]

    def choices(self, rule: Rule = semi_hard) -> dict[tuple[int, int], set[int]]:
        """For each anchor-positive pair that has any, the negatives which the rule takes."""
        d, labels = self.distances.double().tolist(), self.labels.tolist()
        found = {
            (a, p): {
                n for n in self.negatives(a) if rule(d[a][p], d[a][n], d[p][n], self.margin)
            }
            for a in range(len(labels)) for p in range(len(labels))
            if a != p and labels[a] == labels[p]
        }  # fmt: skip
        return {pair: negatives for pair, negatives in found.items() if negatives}

    def describe(self, a: int, p: int, n: int) -> str:
        """A triplet's distances and loss in words."""
        ap, an = float(self.distances[a, p]), float(self.distances[a, n])
        return (
            f"anchor {a}, positive {p}, negative {n}: d²(a, p) = {ap:.4g}, d²(a, n) = {an:.4g}, "
            f"margin {self.margin:g}, so the loss before the hinge is {ap - an + self.margin:.4g}"
        )


def expect_semi_hard(value: Any, batch: Batch) -> dict[tuple[int, int], int]:
    """Fail unless each pair that has a semi-hard negative has one of them, and no other pair any.

    Returns:
        The chosen negative of each pair.
    """
    triplets = index_rows(value, NAMES, len(batch.labels))
    problem = _first_problem(triplets, batch)
    if problem:
        fail(problem, misconception=_explanation(triplets, batch),
             help="Semi-hard: 0 < d²(a, p) - d²(a, n) + margin < margin.")  # fmt: skip
    return {(a, p): n for a, p, n in triplets}


def _first_problem(triplets: Sequence[tuple[int, ...]], batch: Batch) -> str:
    """What is wrong with the triplets, by the first wrong one; "" when nothing is."""
    labels, choices = batch.labels.tolist(), batch.choices()
    for a, p, n in triplets:
        if a == p or labels[a] != labels[p]:
            return f"({a}, {p}) is no pair of different images of one product: {labels}."
        if labels[a] == labels[n]:
            return f"Image {n} is no negative of image {a}: both show product {labels[a]}."
        if n not in choices.get((a, p), ()):
            return f"A triplet is not semi-hard: {batch.describe(a, p, n)}."
    pairs = Counter(triplet[:2] for triplet in triplets)
    for pair, count in pairs.items():
        if count > 1:
            return f"Pair {pair} should have one negative; it came back {count} times."
    for pair, negatives in choices.items():
        if pair not in pairs:
            return f"Pair {pair} is left out, but has semi-hard negatives: {sorted(negatives)}."
    return ""


def _explanation(triplets: list[tuple[int, ...]], batch: Batch) -> Misconception | None:
    """The known mistake that all the wrong triplets have in common."""
    labels, right = batch.labels.tolist(), batch.choices()
    negatives = [batch.negatives(i) for i in range(len(labels))]
    pairs = [triplet[:2] for triplet in triplets]
    fitting = [n in right.get((a, p), ()) for a, p, n in triplets]
    everything = set(batch.choices(lambda ap, an, pn, m: True))
    all_pairs_served = set(pairs) == everything and all(
        good for pair, good in zip(pairs, fitting, strict=True) if pair in right
    )
    if all_pairs_served and all(n == 0 for a, p, n in triplets if (a, p) not in right):
        return EMPTY_ROWS
    if any(labels[a] == labels[n] for a, p, n in triplets):
        mapped = [
            (a, p, negatives[a][n]) for a, p, n in triplets if a != p and n < len(negatives[a])
        ]
        if len(mapped) == len(triplets) and not _first_problem(mapped, batch):
            return POSITION_IN_A_LIST
        return OWN_PRODUCT
    if any(a == p for a, p in pairs):
        return NO_PARTNER
    if all(fitting) and len(set(pairs)) < len(pairs):
        return ALL_OF_THEM
    if all(fitting) and pairs and set(pairs) in (
        {(a, p) for a, p in right if a < p}, {(a, p) for a, p in right if a > p}
    ):  # fmt: skip
        return UNORDERED
    if all_pairs_served:
        return FALLBACK
    for rule, mistake in WRONG_RULES:
        taken = batch.choices(rule)
        if set(pairs) == set(taken) and all(n in taken[a, p] for a, p, n in triplets):
            return mistake
    return None


def symmetric(size: int, entries: dict[tuple[int, int], float], others: float) -> torch.Tensor:
    """A symmetric matrix of squared distances: these entries, 0 on the diagonal, else `others`."""
    matrix = torch.full((size, size), others)
    for (i, j), value in entries.items():
        matrix[i, j] = matrix[j, i] = value
    return matrix.fill_diagonal_(0)
