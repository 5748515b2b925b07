"""Search among codes and average precision: against sorting everything, faiss, and all orders."""

from itertools import permutations

import faiss
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import one_hot

from benchmarks.hamming import loop_in_numpy
from course_lib.hashing import (
    average_precision_at_k,
    hamming_average_precision,
    hamming_distances,
    hamming_mean_average_precision,
    hamming_search,
    pack_codes,
)


def packed(n, n_bits=12, seed=0):
    return pack_codes(torch.randn(n, n_bits, generator=torch.Generator().manual_seed(seed)))


def labels(n, n_classes=3, seed=0):
    return torch.randint(n_classes, (n,), generator=torch.Generator().manual_seed(seed))


class TestHammingSearch:
    @pytest.mark.parametrize("n_bits", [8, 48, 128, 300])
    @pytest.mark.parametrize("k", [1, 7, 40])
    def test_is_a_stable_sort_of_all_distances(self, n_bits, k):
        queries, database = packed(50, n_bits), packed(40, n_bits, seed=1)
        expected = hamming_distances(queries, database).sort(dim=1, stable=True)
        distances, indices = hamming_search(queries, database, k)
        assert torch.equal(distances, expected.values[:, :k])
        assert torch.equal(indices, expected.indices[:, :k])

    def test_finds_distances_as_faiss_does(self):
        queries, database = packed(20, 48), packed(500, 48, seed=1)
        index = faiss.IndexBinaryFlat(48)
        index.add(database.numpy())
        expected, _ = index.search(queries.numpy(), 10)
        assert np.array_equal(hamming_search(queries, database, 10)[0], expected)

    def test_orders_equal_codes_by_index(self):
        same = packed(1).expand(6, -1).contiguous()
        assert hamming_search(same[:1], same, 4)[1].tolist() == [[0, 1, 2, 3]]

    def test_of_no_queries_finds_nothing(self):
        distances, indices = hamming_search(packed(5)[:0], packed(5), 2)
        assert distances.shape == indices.shape == (0, 2)

    def test_refuses_more_neighbours_than_there_are(self):
        with pytest.raises(ValueError, match="k is 6, but the database has 5 codes"):
            hamming_search(packed(1), packed(5), 6)


class TestAveragePrecision:
    @given(st.integers(1, 6), st.integers(1, 30), st.sampled_from([2, 16]), st.integers(0, 99))
    def test_is_the_usual_loop_with_a_stable_sort(self, queries, items, n_bits, seed):
        x, y = packed(queries, n_bits, seed), packed(items, n_bits, seed + 1)
        own, others = labels(queries, seed=seed), labels(items, seed=seed + 1)
        for k in (None, 1, items // 2 + 1):
            expected = loop_in_numpy(x, one_hot(own, 3), y, one_hot(others, 3), k)
            found = hamming_average_precision(x, own, y, others, k)
            answerable = torch.isin(own, others)
            assert torch.equal(found.isnan(), ~answerable)
            # The loop leaves 0 where nothing can be found; ours is not defined there.
            assert np.allclose(found.nan_to_num(0), expected, rtol=0, atol=1e-12)

    def test_without_ties_is_expected_in_every_order(self):
        queries = torch.tensor([[0]], dtype=torch.uint8)
        database = torch.tensor([[0], [1], [3], [7], [15]], dtype=torch.uint8)
        arguments = (queries, torch.tensor([1]), database, torch.tensor([1, 0, 1, 0, 1]))
        by_index = hamming_average_precision(*arguments)
        assert by_index.item() == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
        assert hamming_average_precision(*arguments, ties="expected").item() == pytest.approx(
            by_index.item()
        )

    def test_of_five_tied_codes_is_what_was_worked_out(self):
        same = torch.zeros(5, 1, dtype=torch.uint8)

        def precision(relevant, ties):
            return hamming_average_precision(
                same[:1], torch.tensor([1]), same, torch.tensor(relevant), ties=ties
            ).item()

        assert precision([0, 0, 0, 1, 1], "index") == pytest.approx(0.325)
        assert precision([1, 1, 0, 0, 0], "index") == pytest.approx(1)
        assert precision([0, 1, 0, 1, 0], "expected") == pytest.approx(0.5925)

    @given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=5))
    def test_expected_is_the_mean_over_all_orders(self, items):
        codes = torch.tensor([[2**distance - 1] for distance, _ in items], dtype=torch.uint8)
        relevant = torch.tensor([int(hit) for _, hit in items])
        query = (torch.zeros(1, 1, dtype=torch.uint8), torch.tensor([1]))
        found = hamming_average_precision(*query, codes, relevant, ties="expected").item()
        if not relevant.any():
            assert np.isnan(found)
            return
        orders = [list(order) for order in permutations(range(len(items)))]
        every = [hamming_average_precision(*query, codes[o], relevant[o]).item() for o in orders]
        assert found == pytest.approx(np.mean(every), abs=1e-12)

    def test_has_three_divisors(self):
        # One ranking, three values: relevance 1, 0, 1 of the first three, four relevant in all.
        query, database = torch.tensor([[0]], dtype=torch.uint8), [0, 1, 3, 7, 15, 31]
        codes = torch.tensor(database, dtype=torch.uint8)[:, None]
        relevant = torch.tensor([1, 0, 1, 1, 1, 0])

        def precision(divisor):
            return hamming_average_precision(
                query, torch.tensor([1]), codes, relevant, 3, divisor=divisor
            ).item()

        assert precision("found") == pytest.approx(0.8333, abs=1e-4)
        assert precision("possible") == pytest.approx(0.5556, abs=1e-4)
        assert precision("relevant") == pytest.approx(0.4167, abs=1e-4)

    def test_looks_at_every_rank_unless_told_otherwise(self):
        # A slice [:-1], as published for "all", would lose the last one: 0 instead of 0.5.
        codes = torch.tensor([[0], [1]], dtype=torch.uint8)
        relevant = torch.tensor([0, 1])
        found = hamming_average_precision(codes[:1], torch.tensor([1]), codes, relevant)
        assert found.item() == 0.5

    def test_is_zero_where_nothing_relevant_is_in_reach(self):
        codes = torch.tensor([[0], [1]], dtype=torch.uint8)
        found = hamming_average_precision(
            codes[:1], torch.tensor([1]), codes, torch.tensor([0, 1]), k=1
        )
        assert found.item() == 0

    def test_means_leave_out_queries_that_cannot_be_answered(self):
        codes = torch.tensor([[0], [1]], dtype=torch.uint8)
        arguments = (codes, torch.tensor([1, 5]), codes, torch.tensor([1, 0]))
        assert hamming_mean_average_precision(*arguments) == 1
        with pytest.raises(ValueError, match="share no label"):
            hamming_mean_average_precision(codes, torch.tensor([5, 6]), codes, torch.tensor([1, 0]))

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
    @pytest.mark.parametrize("divisor", ["found", "possible", "relevant"])
    @pytest.mark.parametrize("k", [None, 7])
    def test_is_the_same_on_a_gpu(self, k, divisor):
        arguments = packed(70), labels(70, 4), packed(90, seed=1), labels(90, 3, seed=1)
        expected = hamming_average_precision(*arguments, k, divisor=divisor)
        found = hamming_average_precision(*(a.cuda() for a in arguments), k, divisor=divisor)
        assert found.device.type == "cpu"
        assert torch.allclose(found, expected, rtol=0, atol=1e-12, equal_nan=True)

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"ties": "random"}, ValueError, "ties must be one of 'index', 'expected'"),
            ({"divisor": "k"}, ValueError, "divisor must be one of"),
            ({"k": 9}, ValueError, "k is 9, but the database has 4 codes"),
            ({"k": 2, "ties": "expected"}, ValueError, "leave out k"),
            ({"query_labels": torch.zeros(2).long()}, ValueError, "query_labels has 2 entries"),
            ({"query_codes": torch.zeros(1, 2)}, TypeError, "query_codes must be uint8"),
        ],
    )
    def test_refuses_bad_input_by_name(self, changes, error, message):
        good = {
            "query_codes": packed(1),
            "query_labels": labels(1),
            "database_codes": packed(4),
            "database_labels": labels(4),
        }
        with pytest.raises(error, match=message):
            hamming_average_precision(**{**good, **changes})


class TestDenseAveragePrecision:
    @given(
        st.integers(0, 6),
        st.integers(1, 30),
        st.sampled_from([2, 16]),
        st.integers(0, 99),
        st.data(),
    )
    def test_is_that_of_codes_for_every_divisor(self, queries, items, n_bits, seed, data):
        x, y = packed(queries, n_bits, seed), packed(items, n_bits, seed + 1)
        own, others = labels(max(queries, 1), 4, seed=seed)[:queries], labels(items, seed=seed + 1)
        k = data.draw(st.integers(1, items))
        for divisor in ("found", "possible", "relevant"):
            found = average_precision_at_k(
                hamming_distances(x, y), own[:, None] == others, k, divisor=divisor
            )
            if queries:  # there, an empty set of labels is refused
                expected = hamming_average_precision(x, own, y, others, k, divisor=divisor)
                assert torch.allclose(found, expected, rtol=0, atol=1e-12, equal_nan=True)
            assert found.shape == (queries,)
            assert found.dtype == torch.float64

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64])
    def test_takes_integers_of_any_kind(self, dtype):
        distances = torch.tensor([[3, 0, 200, 3]]).to(dtype)
        relevant = torch.tensor([[False, False, True, True]])
        found = average_precision_at_k(distances, relevant, 4)
        assert found.item() == pytest.approx((1 / 3 + 2 / 4) / 2)

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"distances": torch.zeros(1, 4)}, TypeError, "distances must be integers"),
            (
                {"distances": torch.zeros(4).long()},
                ValueError,
                r"distances must have shape \(Q, N\)",
            ),
            ({"relevant": torch.ones(1, 4)}, TypeError, "relevant must be bool"),
            ({"relevant": torch.ones(1, 3).bool()}, ValueError, "must have the same shape"),
            ({"k": 0}, ValueError, "k must be at least 1"),
            ({"k": 5}, ValueError, "k is 5, but a row has 4 items"),
            ({"divisor": "k"}, ValueError, "divisor must be one of"),
        ],
    )
    def test_refuses_bad_input_by_name(self, changes, error, message):
        good = {
            "distances": torch.zeros(1, 4, dtype=torch.int16),
            "relevant": torch.ones(1, 4, dtype=torch.bool),
            "k": 2,
        }
        with pytest.raises(error, match=message):
            average_precision_at_k(**{**good, **changes})
