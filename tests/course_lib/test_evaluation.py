"""Recall at k and mean average precision against counting by hand, sklearn and peers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from sklearn.metrics import average_precision_score
from torch.nn.functional import normalize

from course_lib.evaluation import (
    average_precision_of_rankings,
    mean_average_precision,
    queries_without_relevant,
    recall_at_k,
)


def line(*values):
    return torch.tensor(values, dtype=torch.float32)[:, None]


def system(seed=0, n_queries=40, n_items=90, n_products=8):
    """Embeddings and labels of a query and a retrieval set, with some structure in them."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(n_products, 5, generator=generator, dtype=torch.float64)
    out = []
    for n in (n_queries, n_items):
        labels = torch.randint(n_products, (n,), generator=generator)
        noise = torch.randn(n, 5, generator=generator, dtype=torch.float64)
        out += [normalize(centres[labels] + noise, dim=1), labels]
    return out


class TestRecallAtK:
    def test_counts_queries_with_any_hit_among_the_k_nearest(self):
        queries, labels = line(0, 10), torch.tensor([1, 2])
        items, item_labels = line(1, 2, 3, 11, 12), torch.tensor([9, 1, 1, 9, 9])
        assert recall_at_k(queries, labels, items, item_labels, 1) == 0
        assert recall_at_k(queries, labels, items, item_labels, 2) == 0.5
        assert recall_at_k(queries, labels, items, item_labels, 5) == 0.5

    def test_is_neither_precision_nor_all_hits(self):
        # One hit in five: precision would be 0.2, "all" 0.
        item_labels = torch.tensor([7, 7, 7, 7, 1])
        assert recall_at_k(line(0), torch.tensor([1]), line(1, 2, 3, 4, 5), item_labels, 5) == 1

    def test_breaks_ties_by_index(self):
        for labels, expected in (([1, 2], 1), ([2, 1], 0)):
            found = recall_at_k(line(0), torch.tensor([1]), line(3, 3), torch.tensor(labels), 1)
            assert found == expected

    @pytest.mark.parametrize("k", [1, 3, 90])
    def test_agrees_with_counting_one_query_at_a_time(self, k):
        q, q_labels, r, r_labels = system()
        hits = [
            bool((r_labels[(r - row).square().sum(1).argsort(stable=True)[:k]] == label).any())
            for row, label in zip(q, q_labels, strict=True)
        ]
        assert recall_at_k(q, q_labels, r, r_labels, k) == np.mean(hits)

    def test_at_1_agrees_with_pytorch_metric_learning(self):
        q, q_labels, r, r_labels = system()
        peer = peer_metrics("precision_at_1", q, q_labels, r, r_labels)
        assert recall_at_k(q, q_labels, r, r_labels, 1) == pytest.approx(peer, abs=1e-6)

    def test_refuses_labels_of_another_length(self):
        with pytest.raises(ValueError, match="retrieval_labels has 2 entries for 3 rows"):
            recall_at_k(line(0), torch.tensor([1]), line(1, 2, 3), torch.tensor([1, 1]), 1)

    def test_refuses_a_k_beyond_the_retrieval_set(self):
        with pytest.raises(ValueError, match="k is 4, but the retrieval set has 3 rows"):
            recall_at_k(line(0), torch.tensor([1]), line(1, 2, 3), torch.tensor([1, 1, 1]), 4)


def peer_metrics(name, q, q_labels, r, r_labels):
    calculator = AccuracyCalculator(
        include=(name,),
        k=None if name == "mean_average_precision" else 1,
        knn_func=CustomKNN(LpDistance(normalize_embeddings=False)),
        device=torch.device("cpu"),
    )
    return calculator.get_accuracy(q, q_labels, r, r_labels)[name]


class TestAveragePrecisionOfRankings:
    @pytest.mark.parametrize(
        ("relevant", "expected"),
        [
            ([1, 1, 0], 1.0),
            ([1, 0, 1], 5 / 6),
            ([0, 1], 0.5),
            ([0, 0, 1], 1 / 3),
            ([0, 1, 1, 0], 7 / 12),
        ],
    )
    def test_golden_values(self, relevant, expected):
        found = average_precision_of_rankings(torch.tensor(relevant, dtype=torch.bool))
        assert found.item() == pytest.approx(expected, abs=1e-15)

    @given(st.lists(st.booleans(), min_size=1, max_size=30).filter(any))
    def test_agrees_with_sklearn(self, relevant):
        scores = -np.arange(len(relevant))
        expected = average_precision_score(relevant, scores)
        assert average_precision_of_rankings(torch.tensor(relevant)).item() == pytest.approx(
            expected, abs=1e-12
        )

    def test_of_many_rankings_is_a_vector_of_float64(self):
        found = average_precision_of_rankings(torch.tensor([[True, False], [False, True]]))
        assert found.tolist() == [1.0, 0.5]
        assert found.dtype == torch.float64

    def test_is_not_defined_without_a_relevant_item(self):
        assert math.isnan(average_precision_of_rankings(torch.tensor([False, False])))

    @pytest.mark.parametrize(
        ("relevant", "error"),
        [
            (torch.tensor([1, 0]), TypeError),
            (torch.zeros(3, 0, dtype=torch.bool), ValueError),
            ([True], TypeError),
        ],
    )
    def test_refuses_anything_but_bools(self, relevant, error):
        with pytest.raises(error, match="relevant must"):
            average_precision_of_rankings(relevant)


class TestMeanAveragePrecision:
    def test_agrees_with_sklearn_and_pytorch_metric_learning(self):
        q, q_labels, r, r_labels = system()
        found = mean_average_precision(q, q_labels, r, r_labels)
        by_sklearn = np.mean(
            [
                average_precision_score(r_labels == label, -(r - row).square().sum(1))
                for row, label in zip(q, q_labels, strict=True)
            ]
        )
        assert found == pytest.approx(by_sklearn, abs=1e-12)
        peer = peer_metrics("mean_average_precision", q, q_labels, r, r_labels)
        assert found == pytest.approx(peer, abs=1e-6)

    def test_does_not_depend_on_the_chunk(self):
        arguments = system()
        whole = mean_average_precision(*arguments)
        assert mean_average_precision(*arguments, chunk_size=7) == pytest.approx(whole, abs=1e-15)

    def test_leaves_out_queries_without_relevant_items(self):
        q, q_labels, r, r_labels = (
            line(0, 5),
            torch.tensor([1, 99]),
            line(1, 2),
            torch.tensor([2, 1]),
        )
        assert mean_average_precision(q, q_labels, r, r_labels) == 0.5
        assert queries_without_relevant(q_labels, r_labels).tolist() == [False, True]

    def test_averages_queries_not_pairs(self):
        # One query with one relevant item, found at once; one with three, found last.
        q, q_labels = line(0, 10), torch.tensor([1, 2])
        r, r_labels = line(0, 13, 14, 15), torch.tensor([1, 2, 2, 2])
        second = average_precision_of_rankings(torch.tensor([True, True, True, False])).item()
        assert mean_average_precision(q, q_labels, r, r_labels) == (1 + second) / 2

    def test_drops_when_labels_are_permuted(self):
        q, q_labels, r, r_labels = system()
        shuffled = q_labels[
            torch.randperm(len(q_labels), generator=torch.Generator().manual_seed(1))
        ]
        assert mean_average_precision(q, shuffled, r, r_labels) < 0.6 * mean_average_precision(
            q, q_labels, r, r_labels
        )

    def test_refuses_sets_that_share_no_label(self):
        with pytest.raises(ValueError, match="share no label"):
            mean_average_precision(line(0), torch.tensor([1]), line(1), torch.tensor([2]))
