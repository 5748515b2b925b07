"""Contrastive and triplet loss: values, gradients, and the cases where naive formulas fail."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.reducers import MeanReducer
from torch.autograd import gradcheck
from torch.nn.functional import normalize

from course_lib.losses import contrastive_loss, triplet_loss


def rows(n, d=4, seed=0, dtype=torch.float64):
    return torch.randn(n, d, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def line(*values):
    """Points on a line, one a row."""
    return torch.tensor(values, dtype=torch.float64)[:, None]


SIMILAR, DISSIMILAR = torch.tensor([True]), torch.tensor([False])


class TestContrastiveLoss:
    @given(st.integers(1, 12), st.integers(1, 5), st.floats(0.1, 4), st.integers(0, 99))
    def test_is_the_formula_of_the_article(self, n, d, margin, seed):
        x, y = rows(n, d, seed), rows(n, d, seed + 100)
        similar = rows(n, 1, seed + 200)[:, 0] > 0
        expected = 0.0
        for xi, yi, s in zip(x.numpy(), y.numpy(), similar.numpy(), strict=True):
            distance = np.sqrt(np.sum((xi - yi) ** 2))
            expected += distance**2 if s else max(0.0, margin - distance) ** 2
        expected /= 2 * n
        assert contrastive_loss(x, y, similar, margin).item() == pytest.approx(expected, abs=1e-10)

    def test_pulls_similar_pairs_and_pushes_dissimilar_ones(self):
        x, y = line(0.0), line(0.6)
        assert contrastive_loss(x, y, SIMILAR).item() == pytest.approx(0.18)
        assert contrastive_loss(x, y, DISSIMILAR).item() == pytest.approx(0.08)

    def test_costs_nothing_for_an_identical_similar_pair(self):
        assert contrastive_loss(line(1.0), line(1.0), SIMILAR).item() == 0

    def test_costs_nothing_for_a_dissimilar_pair_beyond_the_margin(self):
        assert contrastive_loss(line(0.0), line(1.5), DISSIMILAR).item() == 0

    def test_uses_the_distance_itself_not_its_square(self):
        assert contrastive_loss(line(0.0), line(0.5), DISSIMILAR).item() == pytest.approx(0.125)

    def test_gives_an_identical_dissimilar_pair_gradient_zero(self):
        x, y = line(1.0).requires_grad_(), line(1.0).requires_grad_()
        loss = contrastive_loss(x, y, DISSIMILAR)
        loss.backward()
        assert loss.item() == 0.5
        assert x.grad.item() == y.grad.item() == 0

    def test_has_the_right_gradients(self):
        x, y = rows(9).requires_grad_(), rows(9, seed=1).requires_grad_()
        similar = torch.arange(9) % 2 == 0
        assert gradcheck(lambda a, b: contrastive_loss(a, b, similar, margin=5.0), (x, y))

    def test_of_no_pairs_is_a_zero_that_can_be_differentiated(self):
        x = torch.zeros(0, 4, requires_grad=True)
        loss = contrastive_loss(x, torch.zeros(0, 4), torch.zeros(0, dtype=torch.bool))
        loss.backward()
        assert loss.item() == 0
        assert x.grad.shape == (0, 4)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
    def test_keeps_the_dtype(self, dtype):
        x, y = normalize(rows(50)).to(dtype), normalize(rows(50, seed=1)).to(dtype)
        similar = torch.arange(50) % 2 == 0
        loss = contrastive_loss(x, y, similar)
        assert loss.dtype == dtype
        exact = contrastive_loss(x.double(), y.double(), similar).item()
        assert loss.item() == pytest.approx(exact, rel=2e-2)

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"similar": torch.tensor([1, 0])}, TypeError, "similar must be bool"),
            ({"similar": torch.tensor([True])}, ValueError, r"similar must have shape \(2,\)"),
            ({"y": torch.zeros(2, 4)}, ValueError, r"same shape, got \(2, 3\) and \(2, 4\)"),
            ({"y": torch.zeros(1, 3)}, ValueError, "same shape"),
            ({"y": torch.zeros(2, 3, dtype=torch.float64)}, TypeError, "float64"),
            ({"margin": 0.0}, ValueError, "margin must be finite and greater than 0"),
            ({"margin": float("nan")}, ValueError, "margin"),
            ({"margin": True}, TypeError, "margin must be a number"),
        ],
    )
    def test_refuses_bad_input_by_name(self, changes, error, message):
        good = {
            "x": torch.zeros(2, 3),
            "y": torch.zeros(2, 3),
            "similar": torch.tensor([True, False]),
        }
        with pytest.raises(error, match=message):
            contrastive_loss(**{**good, **changes})


class TestTripletLoss:
    def test_is_zero_once_the_negative_is_far_enough(self):
        assert triplet_loss(line(0.0), line(0.0), line(2.0)).item() == 0

    def test_works_on_squared_distances(self):
        # 0.25 − 1 + 0.2 < 0, whereas the roots would give 0.5 − 1 + 1 = 0.5 with torch's defaults.
        assert triplet_loss(line(0.0), line(0.5), line(1.0)).item() == 0
        assert triplet_loss(line(0.0), line(2.0), line(1.0)).item() == pytest.approx(3.2)

    def test_clips_every_triplet_before_the_mean(self):
        anchors, positives, negatives = line(0.0, 0.0), line(0.0, 1.0), line(9.0, 1.0)
        assert triplet_loss(anchors, positives, negatives).item() == pytest.approx(0.1)

    @given(st.integers(1, 10), st.integers(1, 5), st.floats(0.01, 3), st.integers(0, 99))
    def test_agrees_with_numpy_in_every_reduction(self, n, d, margin, seed):
        a, p, n_ = rows(n, d, seed), rows(n, d, seed + 100), rows(n, d, seed + 200)
        expected = np.maximum(
            0, ((a - p) ** 2).sum(1).numpy() - ((a - n_) ** 2).sum(1).numpy() + margin
        )
        losses = triplet_loss(a, p, n_, margin, reduction="none")
        np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-10)
        assert triplet_loss(a, p, n_, margin, "sum").item() == pytest.approx(expected.sum())
        assert triplet_loss(a, p, n_, margin).item() == pytest.approx(expected.mean())

    def test_agrees_with_pytorch_metric_learning(self):
        x = normalize(rows(12, 6), dim=1)
        labels = torch.arange(12) // 3
        triplets = [
            (a, p, n)
            for a in range(12)
            for p in range(12)
            for n in range(12)
            if a != p and labels[a] == labels[p] != labels[n]
        ]
        a, p, n = torch.tensor(triplets).T
        peer = TripletMarginLoss(
            margin=0.2,
            distance=LpDistance(power=2, normalize_embeddings=False),
            reducer=MeanReducer(),
        )
        expected = peer(x, labels, (a, p, n)).item()
        assert triplet_loss(x[a], x[p], x[n]).item() == pytest.approx(expected, abs=1e-10)

    def test_has_the_right_gradients(self):
        a, p, n = (rows(6, seed=seed).requires_grad_() for seed in range(3))
        for reduction in ("mean", "sum", "none"):
            assert gradcheck(
                lambda *x, reduction=reduction: triplet_loss(*x, 0.5, reduction), (a, p, n)
            )

    @pytest.mark.parametrize(("reduction", "shape"), [("mean", ()), ("sum", ()), ("none", (0,))])
    def test_of_no_triplets_is_a_zero_that_can_be_differentiated(self, reduction, shape):
        x = torch.zeros(5, 4, requires_grad=True)
        nothing = x[torch.zeros(0, dtype=torch.int64)]
        loss = triplet_loss(nothing, nothing, nothing, reduction=reduction)
        assert loss.shape == shape
        loss.sum().backward()
        assert not x.grad.any()

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
    def test_keeps_the_dtype(self, dtype):
        a, p, n = (normalize(rows(50, seed=seed)).to(dtype) for seed in range(3))
        loss = triplet_loss(a, p, n)
        assert loss.dtype == dtype
        exact = triplet_loss(a.double(), p.double(), n.double()).item()
        assert loss.item() == pytest.approx(exact, rel=2e-2)

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"negative": torch.zeros(1, 3)}, ValueError, "anchor and negative .* same shape"),
            ({"positive": torch.zeros(2, 3).long()}, TypeError, "positive must be floating point"),
            ({"anchor": torch.zeros(3)}, ValueError, r"anchor must have shape \(N, D\)"),
            ({"margin": -0.2}, ValueError, "margin"),
            ({"reduction": "avg"}, ValueError, "'mean', 'sum', 'none', got 'avg'"),
        ],
    )
    def test_refuses_bad_input_by_name(self, changes, error, message):
        good = {name: torch.zeros(2, 3) for name in ("anchor", "positive", "negative")}
        with pytest.raises(error, match=message):
            triplet_loss(**{**good, **changes})
