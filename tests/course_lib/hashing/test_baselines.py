"""Hash functions without labels: what theory and their articles say of them."""

import math

import faiss
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from course_lib.hashing import ITQ, LSH, SpectralHashing, binarize, itq_rotation_step
from course_lib.hashing.baselines import principal_axes

ALL = pytest.mark.parametrize("hasher", [LSH(8), ITQ(8), SpectralHashing(8)], ids=repr)


def features(n=200, d=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    spread = torch.linspace(3, 0.3, d, dtype=torch.float64)
    return torch.randn(n, d, generator=generator, dtype=torch.float64) * spread + 5


class TestEveryHasher:
    @ALL
    def test_gives_one_code_a_row_of_the_features_dtype(self, hasher):
        x = features()
        codes = clone(hasher).fit_transform(x)
        assert codes.shape == (200, 8)
        assert codes.dtype == x.dtype
        assert set(codes.unique().tolist()) == {-1, 1}

    @ALL
    def test_repeats_itself_and_leaves_the_global_generator(self, hasher):
        before = torch.get_rng_state()
        x = features()
        assert torch.equal(clone(hasher).fit_transform(x), clone(hasher).fit_transform(x))
        assert torch.equal(torch.get_rng_state(), before)

    @ALL
    def test_does_not_depend_on_where_the_features_lie(self, hasher):
        x = features()
        moved = clone(hasher).fit_transform(x - 100)
        assert (moved == clone(hasher).fit_transform(x)).double().mean() > 0.999

    @ALL
    def test_keeps_near_features_nearer_than_far_ones(self, hasher):
        x = features(400)
        codes = clone(hasher).fit_transform(x)
        distances, bits = torch.cdist(x, x), torch.cdist(codes, codes, p=0)
        near, far = distances < distances.quantile(0.05), distances > distances.quantile(0.95)
        assert bits[near].mean() + 1 < bits[far].mean()

    @ALL
    def test_refuses_what_it_was_not_fitted_to(self, hasher):
        with pytest.raises(NotFittedError):
            clone(hasher).transform(features())
        with pytest.raises(ValueError, match="features has 5 columns, fit saw 16"):
            clone(hasher).fit(features()).transform(features(d=5))

    @ALL
    def test_refuses_a_code_without_bits(self, hasher):
        with pytest.raises(ValueError, match="n_bits must be at least 1"):
            clone(hasher).set_params(n_bits=0).fit(features())


class TestLSH:
    def test_agrees_with_probability_one_minus_angle_over_pi(self):
        angle, n_bits = 1.0, 20_000
        pair = torch.tensor([[1, 0], [math.cos(angle), math.sin(angle)]], dtype=torch.float64)
        both = torch.cat([pair, -pair])  # their mean is 0
        one, two, *_ = LSH(n_bits).fit_transform(both)
        expected = 1 - angle / math.pi
        agreed = (one == two).double().mean().item()
        assert abs(agreed - expected) < 4 * math.sqrt(expected * (1 - expected) / n_bits)

    def test_draws_other_hyperplanes_for_another_seed(self):
        x = features()
        assert not torch.equal(LSH(8).fit_transform(x), LSH(8, seed=1).fit_transform(x))

    def test_may_have_more_bits_than_the_features_dimensions(self):
        assert LSH(40).fit_transform(features(d=4)).shape == (200, 40)


class TestITQ:
    def test_loses_less_or_the_same_with_every_step(self):
        losses = ITQ(8).fit(features()).losses_
        assert len(losses) == 51
        assert losses.diff().max() <= 1e-12
        assert losses[-1] < losses[0]

    def test_a_step_gives_the_best_rotation_for_the_present_codes(self):
        projected = features(100, 3) - features(100, 3).mean(dim=0)
        start = torch.eye(3, dtype=torch.float64)
        codes, best = binarize(projected), itq_rotation_step(projected, start)
        assert torch.allclose(best.T @ best, start, atol=1e-12)
        least = (codes - projected @ best).square().sum()
        for seed in range(50):
            drawn = torch.randn(3, 3, generator=torch.Generator().manual_seed(seed)).double()
            other, _ = torch.linalg.qr(drawn)
            assert least <= (codes - projected @ other).square().sum()

    def test_loses_no_more_than_faiss_does(self):
        x = (features(1000) - features(1000).mean(dim=0)).float()
        peer = faiss.ITQTransform(16, 8, True)
        peer.train(x.numpy())
        turned = torch.from_numpy(peer.apply(x.numpy())).double()
        # The peer scales its rows to length 1 between centring and projecting: so do we here.
        unit = torch.nn.functional.normalize(x - x.mean(dim=0), dim=1).double()
        ours = ITQ(8).fit(unit).losses_[-1]
        theirs = (binarize(turned) - turned).square().sum(dim=1).mean()
        assert ours <= theirs * 1.02

    def test_its_axes_are_the_principal_ones_turned(self):
        x = features()
        itq = ITQ(4).fit(x)
        axes = torch.from_numpy(PCA(4).fit(x).components_.T)
        assert torch.allclose(axes @ axes.T, itq.axes_ @ itq.axes_.T, atol=1e-9)

    def test_refuses_more_bits_than_dimensions(self):
        with pytest.raises(ValueError, match="n_bits is 32, but the features have 16 dimensions"):
            ITQ(32).fit(features())


class TestSpectralHashing:
    def test_cuts_an_even_box_where_its_slowest_waves_change_sign(self):
        # A box of 4 x 1: waves along the long side of length 8, 4, 8/3 come before the short one's.
        long, short = torch.meshgrid(
            torch.linspace(0, 4, 401, dtype=torch.float64),
            torch.linspace(0, 1, 101, dtype=torch.float64),
            indexing="ij",
        )
        hasher = SpectralHashing(4).fit(torch.stack([long.flatten(), short.flatten()], dim=1))
        expected = np.pi * np.array([1 / 4, 2 / 4, 3 / 4, 1])
        assert np.allclose(hasher.frequencies_.sort().values, expected)
        along = torch.tensor([[0.5, 0.5], [1.5, 0.5], [2.5, 0.5], [3.5, 0.5]], dtype=torch.float64)
        first, second, third = hasher.transform(along).T[:3]
        assert first[0] == first[1] != first[2] == first[3]
        assert second[0] == second[3] != second[1] == second[2]
        assert third.tolist() in ([1, -1, 1, -1], [-1, 1, -1, 1])

    def test_a_side_without_width_carries_no_wave(self):
        flat = torch.cat([features(d=2), torch.zeros(200, 3, dtype=torch.float64)], dim=1)
        codes = SpectralHashing(6).fit_transform(flat)
        assert all(len(bit.unique()) == 2 for bit in codes.T)


def test_principal_axes_are_ordered_and_their_signs_fixed():
    centred = features() - features().mean(dim=0)
    axes = principal_axes(centred)
    variances = (centred @ axes).var(dim=0)
    assert (variances.diff() <= 1e-9).all()
    assert torch.equal(principal_axes(centred.flip(0)).round(decimals=6), axes.round(decimals=6))
    assert (axes.gather(0, axes.abs().argmax(dim=0, keepdim=True)) > 0).all()
