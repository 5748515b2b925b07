"""Pairs and semi-hard triplets: every one admissible, every possibility reached."""

from collections import Counter
from itertools import permutations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.miners import TripletMarginMiner
from torch.nn.functional import normalize

from course_lib.distances import pairwise_squared_distances
from course_lib.losses import triplet_loss
from course_lib.mining import anchor_positive_pairs, semi_hard_triplets

labels_strategy = st.lists(st.integers(-2, 4), min_size=1, max_size=16).map(torch.tensor)


def batch(labels, d=6, seed=0):
    """Unit rows of float64 and their squared distances."""
    generator = torch.Generator().manual_seed(seed)
    x = normalize(torch.randn(len(labels), d, dtype=torch.float64, generator=generator), dim=1)
    return x, pairwise_squared_distances(x)


def as_set(*indices):
    return set(zip(*(index.tolist() for index in indices), strict=True))


def admissible(distances, labels, margin):
    """All semi-hard triplets by the definition, one at a time: pair -> set of negatives."""
    found = {}
    for a, p in permutations(range(len(labels)), 2):
        if labels[a] != labels[p]:
            continue
        for n in range(len(labels)):
            loss = distances[a, p] - distances[a, n] + margin
            if labels[n] != labels[a] and 0 < loss < margin:
                found.setdefault((a, p), set()).add(n)
    return found


def row_of_distances(to_positive, *to_negatives):
    """Anchor 0, its positive 1, then negatives: a matrix in which only row 0 matters."""
    distances = torch.full((2 + len(to_negatives),) * 2, 50.0)
    distances[0] = torch.tensor([0.0, to_positive, *to_negatives])
    labels = torch.tensor([0, 0, *range(1, 1 + len(to_negatives))])
    return distances, labels


class TestAnchorPositivePairs:
    @given(labels_strategy)
    def test_are_all_ordered_pairs_of_one_product_each_once(self, labels):
        anchors, positives = anchor_positive_pairs(labels)
        expected = {
            (a, p) for a, p in permutations(range(len(labels)), 2) if labels[a] == labels[p]
        }
        assert as_set(anchors, positives) == expected
        assert len(anchors) == len(positives) == len(expected)
        assert anchors.dtype == positives.dtype == torch.int64

    def test_are_192_for_a_4_4_4_batch(self):
        anchors, _ = anchor_positive_pairs(torch.arange(16).repeat_interleave(4))
        assert len(anchors) == 192
        assert len(anchors) * 60 == 11520  # triplets in all

    def test_are_none_when_every_product_has_one_image(self):
        anchors, positives = anchor_positive_pairs(torch.arange(5))
        assert anchors.shape == positives.shape == (0,)

    @pytest.mark.parametrize(
        ("labels", "error", "message"),
        [
            (torch.zeros(0, dtype=torch.int64), ValueError, "labels is empty"),
            (torch.zeros(3), TypeError, "labels must be integers"),
            (torch.zeros(2, 2, dtype=torch.int64), ValueError, r"labels must have shape \(N,\)"),
            ([1, 1], TypeError, "labels must be a torch.Tensor"),
        ],
    )
    def test_refuse_other_labels(self, labels, error, message):
        with pytest.raises(error, match=message):
            anchor_positive_pairs(labels)


class TestSemiHardTriplets:
    @given(labels_strategy, st.floats(0.05, 1.5), st.integers(0, 99))
    def test_are_one_admissible_negative_for_each_pair_that_has_any(self, labels, margin, seed):
        _, distances = batch(labels, d=2, seed=seed)
        anchors, positives, negatives = semi_hard_triplets(distances, labels, margin)
        expected = admissible(distances, labels, margin)
        pairs = list(zip(anchors.tolist(), positives.tolist(), strict=True))
        assert sorted(pairs) == sorted(expected)
        for pair, n in zip(pairs, negatives.tolist(), strict=True):
            assert n in expected[pair]
        assert anchors.dtype == positives.dtype == negatives.dtype == torch.int64

    def test_all_come_up_are_those_of_pytorch_metric_learning(self):
        labels = torch.arange(12) // 3
        x, distances = batch(labels)
        miner = TripletMarginMiner(
            margin=0.2,
            type_of_triplets="semihard",
            distance=LpDistance(power=2, normalize_embeddings=False),
        )
        ours = set()
        for seed in range(300):
            generator = torch.Generator().manual_seed(seed)
            ours |= as_set(*semi_hard_triplets(distances, labels, generator=generator))
        assert ours == as_set(*miner(x, labels))

    def test_are_drawn_uniformly(self):
        distances, labels = row_of_distances(1.0, 1.05, 1.1, 1.15, 3.0)
        generator = torch.Generator().manual_seed(0)
        counts = Counter(
            semi_hard_triplets(distances, labels, generator=generator)[2].item()
            for _ in range(3000)
        )
        assert set(counts) == {2, 3, 4}
        assert all(abs(count - 1000) < 6 * (3000 * 2 / 9) ** 0.5 for count in counts.values())

    def test_have_a_loss_strictly_between_zero_and_the_margin(self):
        labels = torch.arange(64) // 4
        x, distances = batch(labels, d=4)
        a, p, n = semi_hard_triplets(distances, labels)
        losses = triplet_loss(x[a], x[p], x[n], reduction="none")
        assert len(losses) > 50
        assert ((losses > 0) & (losses < 0.2)).all()

    @pytest.mark.parametrize(
        ("kind", "to_negative"),
        [
            ("hard", 0.5),
            ("easy", 2.0),
            ("as far as the positive: loss = margin", 1.0),
            ("a margin farther: loss = 0", 1.25),
        ],
    )
    def test_leave_out_every_other_kind_of_negative(self, kind, to_negative):
        # 1, 1.25 and the margin 1/4 are exact in binary, so the bounds are met exactly.
        anchors, _, _ = semi_hard_triplets(*row_of_distances(1.0, to_negative), margin=0.25)
        assert len(anchors) == 0, kind

    def test_use_squared_distances_as_they_come(self):
        # Root distances 1 and 1.1 would be semi-hard; their squares 1 and 1.21 are not.
        assert len(semi_hard_triplets(*row_of_distances(1.0, 1.21))[0]) == 0

    def test_return_positions_in_the_batch_not_among_the_negatives(self):
        distances, labels = row_of_distances(1.0, 9.0, 1.1)
        assert as_set(*semi_hard_triplets(distances, labels)) == {(0, 1, 3)}

    def test_take_other_products_of_the_category_as_negatives(self):
        distances, _ = row_of_distances(1.0, 1.1)
        products = torch.tensor([40, 40, 41])  # one category
        assert as_set(*semi_hard_triplets(distances, products)) == {(0, 1, 2)}

    def test_are_none_without_positives_or_without_negatives(self):
        for labels in (torch.arange(4), torch.zeros(4, dtype=torch.int64)):
            _, distances = batch(labels)
            assert [len(index) for index in semi_hard_triplets(distances, labels)] == [0, 0, 0]

    def test_depend_on_the_generator_alone(self):
        labels = torch.arange(64) // 4
        _, distances = batch(labels)

        def draw(seed):
            generator = torch.Generator().manual_seed(seed)
            return as_set(*semi_hard_triplets(distances, labels, generator=generator))

        before = torch.get_rng_state()
        assert draw(1) == draw(1)
        assert len({frozenset(draw(seed)) for seed in range(5)}) == 5
        assert torch.equal(torch.get_rng_state(), before)

    def test_draw_from_the_global_generator_without_one(self):
        labels = torch.arange(64) // 4
        _, distances = batch(labels)
        torch.manual_seed(5)
        first = as_set(*semi_hard_triplets(distances, labels))
        torch.manual_seed(5)
        assert as_set(*semi_hard_triplets(distances, labels)) == first

    def test_are_chosen_outside_the_graph_and_leave_the_distances_alone(self):
        labels = torch.arange(16) // 4
        x, _ = batch(labels)
        distances = pairwise_squared_distances(x.requires_grad_())
        before = distances.detach().clone()
        semi_hard_triplets(distances, labels)
        assert torch.equal(distances, before)
        assert distances.requires_grad

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
    def test_are_found_in_every_precision(self, dtype):
        distances, labels = row_of_distances(1.0, 1.125, 4.0)
        assert as_set(*semi_hard_triplets(distances.to(dtype), labels)) == {(0, 1, 2)}

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"distances": torch.zeros(4, 3)}, ValueError, "distances must be square"),
            ({"distances": torch.zeros(4, 4).long()}, TypeError, "distances must be floating"),
            ({"labels": torch.zeros(3).long()}, ValueError, "labels has 3 entries for 4 rows"),
            ({"labels": torch.zeros(4)}, TypeError, "labels must be integers"),
            ({"labels": torch.zeros(4).long().to("meta")}, ValueError, "on meta"),
            ({"margin": 0}, ValueError, "margin"),
            ({"generator": 7}, TypeError, "generator must be a torch.Generator"),
        ],
    )
    def test_refuse_bad_input_by_name(self, changes, error, message):
        good = {"distances": torch.zeros(4, 4), "labels": torch.zeros(4).long()}
        with pytest.raises(error, match=message):
            semi_hard_triplets(**{**good, **changes})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
class TestOnAGpu:
    def test_triplets_are_admissible_there_too(self):
        labels = torch.arange(64) // 4
        x, _ = batch(labels)
        distances = pairwise_squared_distances(x.cuda())
        generator = torch.Generator("cuda").manual_seed(0)
        a, p, n = semi_hard_triplets(distances, labels.cuda(), generator=generator)
        expected = admissible(distances.cpu(), labels, 0.2)
        assert all(n in expected[a, p] for a, p, n in as_set(a, p, n))
        assert a.is_cuda

    def test_a_generator_of_the_cpu_is_refused(self):
        with pytest.raises(ValueError, match="generator lives on cpu"):
            semi_hard_triplets(
                torch.zeros(2, 2, device="cuda"),
                torch.zeros(2, device="cuda").long(),
                generator=torch.Generator(),
            )
