"""Normalisation, all-pairs distances, cosines and exact search against independent sources."""

import faiss
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
from torch.autograd import gradcheck
from torch.nn.functional import normalize

from course_lib.distances import (
    cosine_similarities,
    k_nearest,
    l2_normalize,
    mirror_upper_triangle_,
    pairwise_squared_distances,
    squared_distances_from_cosine,
)

HALVES = [torch.float16, torch.bfloat16]
SINGLES = [torch.float32, torch.float64]


def rows(n, d, dtype=torch.float64, seed=0):
    return torch.randn(n, d, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def unit_rows(n, d, dtype=torch.float32, seed=0):
    return normalize(rows(n, d, seed=seed), dim=1).to(dtype)


class TestL2Normalize:
    def test_gives_every_row_length_one(self):
        assert torch.allclose(
            l2_normalize(torch.tensor([[3.0, 4.0], [6.0, 8.0]])),
            torch.tensor([[0.6, 0.8], [0.6, 0.8]]),
        )

    def test_agrees_with_torch(self):
        x = rows(40, 7)
        assert torch.allclose(l2_normalize(x), normalize(x, dim=1), rtol=0, atol=1e-15)

    @given(st.floats(1e-6, 1e6))
    def test_does_not_depend_on_the_scale(self, scale):
        x = rows(5, 3)
        assert torch.allclose(l2_normalize(scale * x), l2_normalize(x), rtol=0, atol=1e-14)

    def test_keeps_a_zero_row_zero_and_its_gradient_finite(self):
        x = torch.zeros(2, 3, requires_grad=True)
        y = l2_normalize(x)
        y.sum().backward()
        assert not y.any()
        assert x.grad.isfinite().all()

    @pytest.mark.parametrize("dtype", HALVES + SINGLES)
    def test_keeps_the_dtype_and_does_not_overflow_in_it(self, dtype):
        y = l2_normalize(torch.full((2, 100), 300.0, dtype=dtype))
        assert y.dtype == dtype
        assert torch.allclose(y, torch.tensor(0.1, dtype=dtype), rtol=1e-2)

    def test_leaves_its_input_as_it_is(self):
        x = rows(4, 4)
        before = x.clone()
        l2_normalize(x)
        assert torch.equal(x, before)

    def test_divides_short_rows_by_eps(self):
        assert l2_normalize(torch.tensor([[0.03, 0.04]]), eps=0.1).tolist() == [
            pytest.approx([0.3, 0.4])
        ]

    def test_has_the_right_gradient(self):
        assert gradcheck(l2_normalize, rows(4, 3).requires_grad_())


class TestPairwiseSquaredDistances:
    def test_agrees_with_scipy_sklearn_and_torch_in_float64(self):
        x, y = rows(30, 12), rows(45, 12, seed=1)
        found = pairwise_squared_distances(x, y).numpy()
        direct = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist") ** 2
        for peer in (
            cdist(x, y, "sqeuclidean"),
            euclidean_distances(x, y, squared=True),
            direct.numpy(),
        ):
            np.testing.assert_allclose(found, peer, rtol=0, atol=1e-12)

    def test_is_right_to_1e_5_on_float32_unit_rows(self):
        x = unit_rows(300, 128)
        expected = cdist(x.double(), x.double(), "sqeuclidean")
        np.testing.assert_allclose(pairwise_squared_distances(x), expected, rtol=0, atol=1e-5)

    @pytest.mark.parametrize("n", [1, 2, 64, 255, 256, 257, 600])
    def test_of_a_set_with_itself_is_symmetric_with_zero_diagonal_and_not_negative(self, n):
        distances = pairwise_squared_distances(unit_rows(n, 33))
        assert torch.equal(distances, distances.T)
        assert not distances.diagonal().any()
        assert (distances >= 0).all()

    def test_is_never_negative_for_near_duplicates(self):
        x = unit_rows(64, 128)
        assert (pairwise_squared_distances(x, x + 1e-7) >= 0).all()

    def test_does_not_confuse_rows_with_columns_when_n_equals_d(self):
        x = torch.tensor([[1.0, 0.0], [0.0, 5.0]])
        y = torch.tensor([[0.0, 0.0], [2.0, 1.0]])
        assert pairwise_squared_distances(x, y).tolist() == [[1.0, 2.0], [25.0, 20.0]]

    @given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.randoms())
    def test_is_exact_on_small_integers(self, n, m, d, random):
        x = torch.tensor([[float(random.randint(-9, 9)) for _ in range(d)] for _ in range(n)])
        y = torch.tensor([[float(random.randint(-9, 9)) for _ in range(d)] for _ in range(m)])
        expected = (x[:, None] - y[None]).square().sum(dim=2)
        assert torch.equal(pairwise_squared_distances(x, y), expected)

    @pytest.mark.parametrize("dtype", HALVES)
    def test_of_half_precision_is_computed_in_float32(self, dtype):
        x = unit_rows(50, 64).to(dtype)
        found = pairwise_squared_distances(x)
        assert found.dtype == dtype
        assert torch.equal(found, pairwise_squared_distances(x.float()).to(dtype))

    def test_has_the_right_gradients(self):
        x, y = rows(5, 3).requires_grad_(), rows(4, 3, seed=1).requires_grad_()
        assert gradcheck(pairwise_squared_distances, (x, y))
        assert gradcheck(pairwise_squared_distances, (x,))

    def test_has_the_gradient_2_x_minus_y(self):
        x, y = rows(1, 3).requires_grad_(), rows(1, 3, seed=1)
        pairwise_squared_distances(x, y).sum().backward()
        assert torch.allclose(x.grad, 2 * (x - y).detach())


class TestMirrorUpperTriangle:
    @given(st.integers(1, 20), st.integers(1, 8))
    def test_does_the_same_whatever_the_block(self, n, block):
        matrix = rows(n, n)
        upper = matrix.triu(diagonal=1)
        assert torch.equal(mirror_upper_triangle_(matrix.clone(), block), upper + upper.T)

    def test_works_in_place(self):
        matrix = rows(3, 3)
        assert mirror_upper_triangle_(matrix) is matrix


class TestCosine:
    def test_agrees_with_sklearn(self):
        x, y = rows(10, 6), rows(8, 6, seed=1)
        np.testing.assert_allclose(
            cosine_similarities(x, y), cosine_similarity(x, y), rtol=0, atol=1e-14
        )
        np.testing.assert_allclose(cosine_similarities(x), cosine_similarity(x), rtol=0, atol=1e-14)

    @pytest.mark.parametrize("dtype", HALVES + SINGLES)
    def test_stays_between_minus_one_and_one(self, dtype):
        x = rows(60, 5).to(dtype)
        similarities = cosine_similarities(torch.cat([x, -x]))
        assert similarities.dtype == dtype
        assert similarities.abs().max() <= 1

    def test_of_a_zero_row_is_zero(self):
        assert not cosine_similarities(torch.zeros(1, 3), torch.ones(2, 3)).any()

    def test_gives_the_squared_distances_of_unit_vectors(self):
        x, y = unit_rows(20, 9, torch.float64), unit_rows(30, 9, torch.float64, seed=1)
        np.testing.assert_allclose(
            squared_distances_from_cosine(cosine_similarities(x, y)),
            pairwise_squared_distances(x, y),
            rtol=0,
            atol=1e-14,
        )

    def test_just_above_one_gives_distance_zero(self):
        assert squared_distances_from_cosine(torch.tensor([1.0000001, -1.0000001])).tolist() == [
            0.0,
            4.0,
        ]

    def test_orders_neighbours_the_other_way_round(self):
        similarities = torch.tensor([0.9, -0.3, 0.5])
        distances = squared_distances_from_cosine(similarities)
        assert distances.argsort().tolist() == similarities.argsort(descending=True).tolist()

    def test_has_the_right_gradient(self):
        x, y = rows(3, 4).requires_grad_(), rows(2, 4, seed=1).requires_grad_()
        assert gradcheck(cosine_similarities, (x, y))
        inner = torch.tensor([0.3, -0.9], dtype=torch.float64, requires_grad=True)
        assert gradcheck(squared_distances_from_cosine, inner)


def by_sorting(queries, retrieval, k):
    """All distances from differences in float64, sorted by (distance, index)."""
    distances = (queries.double()[:, None] - retrieval.double()[None]).square().sum(dim=2)
    values, indices = distances.sort(dim=1, stable=True)
    return values[:, :k], indices[:, :k]


class TestKNearest:
    @given(
        st.integers(1, 9), st.integers(1, 80), st.integers(1, 3), st.integers(1, 4), st.randoms()
    )
    def test_orders_by_distance_then_index_whatever_the_chunk(self, n, m, d, chunk, random):
        # Small integers: distances are exact in every way of computing them, and ties abound.
        queries = torch.tensor([[float(random.randint(0, 3)) for _ in range(d)] for _ in range(n)])
        retrieval = torch.tensor(
            [[float(random.randint(0, 3)) for _ in range(d)] for _ in range(m)]
        )
        k = random.randint(1, m)
        values, indices = k_nearest(queries, retrieval, k, chunk_size=chunk)
        expected_values, expected_indices = by_sorting(queries, retrieval, k)
        assert torch.equal(indices, expected_indices)
        assert torch.equal(values.double(), expected_values)

    @pytest.mark.parametrize(
        ("dtype", "k"),
        [(torch.float32, 1), (torch.float32, 5), (torch.float64, 5), (torch.float64, 700)],
    )
    def test_agrees_with_sorting_all_distances(self, dtype, k):
        queries, retrieval = unit_rows(50, 64, dtype), unit_rows(700, 64, dtype, seed=1)
        values, indices = k_nearest(queries, retrieval, k, chunk_size=16)
        expected_values, expected_indices = by_sorting(queries, retrieval, k)
        assert torch.equal(indices, expected_indices)
        assert torch.allclose(values.double(), expected_values, rtol=1e-6, atol=0)
        assert values.dtype == dtype
        assert indices.dtype == torch.int64

    def test_agrees_with_faiss_where_distances_differ_clearly(self):
        queries, retrieval = unit_rows(200, 128), unit_rows(5000, 128, seed=1)
        index = faiss.IndexFlatL2(128)
        index.add(retrieval.numpy())
        peer_values, peer_indices = index.search(queries.numpy(), 6)
        values, indices = k_nearest(queries, retrieval, 6)
        np.testing.assert_allclose(values, peer_values, rtol=0, atol=1e-5)
        clear = (values.diff(dim=1) > 1e-5).all(dim=1)
        assert clear.float().mean() > 0.9
        np.testing.assert_array_equal(indices[clear][:, :5], peer_indices[clear][:, :5])

    def test_tells_apart_what_the_matrix_product_blurs(self):
        # Distances around 1e-8, where a product of float32 unit rows is wrong by 1e-7.
        query = unit_rows(1, 128)
        steps = torch.linspace(0, 3e-4, 200)[torch.randperm(200)]
        retrieval = query + steps[:, None] * unit_rows(1, 128, seed=1)
        _, indices = k_nearest(query, retrieval, 200)
        assert torch.equal(indices, by_sorting(query, retrieval, 200)[1])

    def test_finds_an_item_at_distance_zero_from_itself(self):
        x = unit_rows(300, 64)
        values, indices = k_nearest(x, x, 1)
        assert not values.any()
        assert torch.equal(indices[:, 0], torch.arange(300))

    def test_of_a_collapsed_network_goes_by_index(self):
        same = torch.full((600, 16), 0.25)
        values, indices = k_nearest(same, same, 3)
        assert not values.any()
        assert torch.equal(indices, torch.arange(3).expand(600, 3))

    def test_survives_a_common_offset_that_ruins_the_matrix_product(self):
        queries, retrieval = unit_rows(20, 8) + 1000, unit_rows(300, 8, seed=1) + 1000
        _, indices = k_nearest(queries, retrieval, 5)
        assert torch.equal(indices, by_sorting(queries, retrieval, 5)[1])

    @pytest.mark.parametrize("dtype", HALVES)
    def test_of_half_precision_gives_float32_distances(self, dtype):
        x = rows(40, 8).to(dtype)
        values, indices = k_nearest(x, x, 4)
        assert values.dtype == torch.float32
        assert torch.equal(indices, by_sorting(x, x, 4)[1])

    def test_gives_results_detached_from_the_graph(self):
        values, _ = k_nearest(rows(3, 2).requires_grad_(), rows(4, 2), 2)
        assert not values.requires_grad

    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e30])
    def test_names_a_row_that_has_no_finite_length(self, bad):
        queries, retrieval = unit_rows(3, 4), unit_rows(5, 4)
        queries[2, 1] = bad
        with pytest.raises(ValueError, match="queries row 2"):
            k_nearest(queries, retrieval, 1)
        with pytest.raises(ValueError, match="retrieval row 2"):
            k_nearest(retrieval, queries, 1)

    @pytest.mark.parametrize("k", [0, 6, -1])
    def test_refuses_a_k_outside_the_retrieval_set(self, k):
        with pytest.raises(ValueError, match="k "):
            k_nearest(rows(2, 3), rows(5, 3), k)


class TestBadInput:
    @pytest.mark.parametrize(
        "function", [l2_normalize, pairwise_squared_distances, cosine_similarities]
    )
    @pytest.mark.parametrize(
        ("x", "error", "message"),
        [
            (np.ones((2, 3)), TypeError, "x must be a torch.Tensor, got ndarray"),
            (torch.ones(3), ValueError, r"shape \(N, D\)"),
            (torch.ones(2, 3, dtype=torch.int64), TypeError, r"x\.float\(\)"),
            (torch.ones(0, 3), ValueError, "x is empty"),
            (torch.ones(3, 0), ValueError, "x is empty"),
        ],
    )
    def test_of_one_matrix_is_named(self, function, x, error, message):
        with pytest.raises(error, match=message):
            function(x)

    @pytest.mark.parametrize(
        "function",
        [
            pairwise_squared_distances,
            cosine_similarities,
            lambda x, y: k_nearest(x, y, 1),
        ],
    )
    @pytest.mark.parametrize(
        ("y", "error", "message"),
        [
            (torch.ones(2, 4), ValueError, "same number of columns, got 3 and 4"),
            (torch.ones(2, 3, dtype=torch.float64), TypeError, "float32 but .* is torch.float64"),
            (torch.ones(2, 3, device="meta"), ValueError, "on cpu but .* on meta"),
        ],
    )
    def test_of_two_matrices_is_named(self, function, y, error, message):
        with pytest.raises(error, match=message):
            function(torch.ones(2, 3), y)

    @pytest.mark.parametrize(
        ("eps", "error"), [(0.0, ValueError), (-1, ValueError), ("1", TypeError)]
    )
    def test_eps_must_be_positive(self, eps, error):
        with pytest.raises(error, match="eps must be"):
            l2_normalize(torch.ones(1, 1), eps=eps)

    def test_cosines_must_be_floating_point(self):
        with pytest.raises(TypeError, match="similarities must be floating point"):
            squared_distances_from_cosine(torch.ones(2, 2, dtype=torch.int64))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
class TestOnAGpu:
    def test_search_agrees_with_the_cpu(self):
        queries, retrieval = unit_rows(300, 128), unit_rows(5000, 128, seed=1)
        values, indices = k_nearest(queries.cuda(), retrieval.cuda(), 5)
        assert torch.equal(indices.cpu(), k_nearest(queries, retrieval, 5)[1])
        assert values.is_cuda

    def test_distances_are_symmetric_there_too(self):
        distances = pairwise_squared_distances(unit_rows(700, 64).cuda())
        assert torch.equal(distances, distances.T)
        assert not distances.diagonal().any()
