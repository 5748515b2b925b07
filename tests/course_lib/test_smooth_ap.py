"""Average precision of similarities, and its smooth form: dense as published, and lean."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.losses import SmoothAPLoss
from sklearn.metrics import average_precision_score
from torch.autograd import gradcheck
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.smooth_ap import published_smooth_ap
from course_lib.losses import (
    SmoothAP,
    average_precision,
    dense_smooth_ap_loss,
    smooth_ap_loss,
)

CORNERS = torch.eye(2, dtype=torch.float64)[[0, 0, 1, 1]]
"""Two vectors twice each."""
APART, MIXED = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
BOTH = pytest.mark.parametrize("loss", [dense_smooth_ap_loss, smooth_ap_loss])


def rows(n, d=8, seed=0, dtype=torch.float64):
    return torch.randn(n, d, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def query_by_query(embeddings, labels, temperature, count_query):
    """The definition in NumPy, one query and one relevant item at a time."""
    x = embeddings.numpy() / np.linalg.norm(embeddings.numpy(), axis=1, keepdims=True)
    ids, precisions = labels.numpy(), []
    for q in range(len(x)):
        s = x @ x[q]
        items = [i for i in range(len(x)) if count_query or i != q]
        relevant = [i for i in items if ids[i] == ids[q]]
        if len(relevant) <= count_query:
            continue

        def rank(i, within, s=s):
            return 1 + sum(1 / (1 + np.exp(-(s[j] - s[i]) / temperature)) for j in within if j != i)

        precisions.append(np.mean([rank(i, relevant) / rank(i, items) for i in relevant]))
    return 1 - np.mean(precisions) if precisions else 0.0


class LargestTensor(TorchDispatchMode):
    """The most elements of any tensor that an operation returns."""

    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else [result]:
            if isinstance(value, torch.Tensor):
                self.elements = max(self.elements, value.numel())
        return result


class TestAveragePrecision:
    @given(st.integers(1, 8), st.integers(1, 30), st.integers(0, 99))
    def test_agrees_with_scikit_learn(self, queries, items, seed):
        similarities = rows(queries, items, seed)
        relevant = rows(queries, items, seed + 100) > 0
        found = average_precision(similarities, relevant)
        for row, hits, value in zip(similarities, relevant, found, strict=True):
            if hits.any():
                assert value.item() == pytest.approx(average_precision_score(hits, row), abs=1e-12)
            else:
                assert value.isnan()

    def test_lets_equally_similar_items_share_the_better_rank(self):
        tied = torch.ones(1, 4)
        relevant = torch.tensor([[False, True, True, False]])
        assert average_precision(tied, relevant).item() == 1

    def test_ranks_by_similarity_highest_first(self):
        similarities = torch.tensor([[0.1, 0.9, 0.5]])
        relevant = torch.tensor([[True, True, False]])
        assert average_precision(similarities, relevant).item() == pytest.approx((1 + 2 / 3) / 2)

    def test_keeps_the_dtype_and_has_no_gradient(self):
        similarities = rows(2, 5, dtype=torch.float32).requires_grad_()
        value = average_precision(similarities, torch.ones(2, 5, dtype=torch.bool))
        assert value.dtype == torch.float32
        assert not value.requires_grad

    @pytest.mark.parametrize(
        ("similarities", "relevant", "error", "message"),
        [
            (torch.zeros(2, 3), torch.zeros(2, 3), TypeError, "relevant must be bool"),
            (torch.zeros(2, 3), torch.zeros(3, 2) > 0, ValueError, "same shape"),
            (torch.zeros(2, 3).long(), torch.zeros(2, 3) > 0, TypeError, "floating point"),
            (torch.zeros(3), torch.zeros(3) > 0, ValueError, r"shape \(N, D\)"),
            (torch.zeros(2, 0), torch.zeros(2, 0) > 0, ValueError, "empty"),
        ],
    )
    def test_refuses_bad_input_by_name(self, similarities, relevant, error, message):
        with pytest.raises(error, match=message):
            average_precision(similarities, relevant)


class TestSmoothAPLoss:
    @BOTH
    @pytest.mark.parametrize(("classes", "images"), [(6, 4), (16, 4), (10, 6), (3, 2)])
    def test_has_value_and_gradient_of_the_published_form(self, loss, classes, images):
        x = rows(classes * images).requires_grad_()
        labels = torch.arange(classes).repeat_interleave(images)
        expected = published_smooth_ap(x, labels)
        value = loss(x, labels)
        assert value.item() == pytest.approx(expected.item(), abs=1e-10)
        (slope,) = torch.autograd.grad(value, x)
        (expected_slope,) = torch.autograd.grad(expected, x)
        torch.testing.assert_close(slope, expected_slope, rtol=0, atol=1e-10)

    @given(
        st.lists(st.integers(0, 3), min_size=1, max_size=10),
        st.sampled_from([0.01, 0.1, 1.0]),
        st.booleans(),
        st.integers(0, 99),
    )
    def test_is_the_definition_for_any_labels(self, labels, temperature, count_query, seed):
        x, labels = rows(len(labels), seed=seed), torch.tensor(labels)
        expected = query_by_query(x, labels, temperature, count_query)
        value = smooth_ap_loss(x, labels, temperature, count_query=count_query)
        assert value.item() == pytest.approx(expected, abs=1e-10)
        if count_query:
            dense = dense_smooth_ap_loss(x, labels, temperature)
            assert dense.item() == pytest.approx(expected, abs=1e-10)

    @BOTH
    def test_gives_the_values_worked_out_by_hand(self, loss):
        assert loss(CORNERS, APART).item() == pytest.approx(0, abs=1e-6)
        assert loss(CORNERS, MIXED).item() == pytest.approx(0.380952, abs=1e-6)
        assert loss(torch.ones(4, 3), APART).item() == pytest.approx(0.4, abs=1e-6)

    def test_leaves_the_query_out_when_asked(self):
        assert smooth_ap_loss(CORNERS, MIXED, count_query=False).item() == pytest.approx(0.6)

    @pytest.mark.parametrize("count_query", [True, False])
    def test_goes_to_one_minus_the_average_precision(self, count_query):
        x, labels = rows(40, 16), torch.arange(10).repeat(4)
        unit = torch.nn.functional.normalize(x, dim=1)
        relevant = labels[:, None] == labels
        similarities = unit @ unit.T
        if not count_query:
            relevant.fill_diagonal_(False)
            similarities.fill_diagonal_(-torch.inf)
        expected = 1 - average_precision(similarities, relevant).mean()
        value = smooth_ap_loss(x, labels, 1e-7, count_query=count_query)
        assert value.item() == pytest.approx(expected.item(), abs=1e-6)

    @BOTH
    def test_does_not_depend_on_the_order_of_the_batch(self, loss):
        x, labels = rows(12), torch.tensor([0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 4])
        order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
        assert loss(x, labels).item() == pytest.approx(loss(x[order], labels[order]).item())

    @BOTH
    def test_does_not_depend_on_the_lengths_of_the_embeddings(self, loss):
        x = rows(8)
        lengths = torch.linspace(0.1, 100, 8)[:, None]
        labels = torch.arange(4).repeat(2)
        assert loss(x * lengths, labels).item() == pytest.approx(loss(x, labels).item())

    @BOTH
    def test_skips_queries_alone_of_their_product_but_searches_among_them(self, loss):
        without = loss(CORNERS, APART)
        alone = torch.cat([CORNERS, torch.tensor([[1.0, 0.01]], dtype=torch.float64)])
        labels = torch.tensor([0, 0, 1, 1, 2])
        assert loss(alone, labels).item() > without.item() - 1e-9
        expected = query_by_query(alone, labels, 0.01, count_query=True)
        assert loss(alone, labels).item() == pytest.approx(expected, abs=1e-10)

    @pytest.mark.parametrize("count_query", [True, False])
    def test_of_products_of_one_image_is_a_zero_that_can_be_differentiated(self, count_query):
        x = rows(3).requires_grad_()
        loss = smooth_ap_loss(x, torch.arange(3), count_query=count_query)
        loss.backward()
        assert loss.item() == 0
        assert x.grad.count_nonzero() == 0
        assert dense_smooth_ap_loss(x, torch.arange(3)).item() == 0

    @pytest.mark.parametrize("count_query", [True, False])
    def test_has_the_right_gradients(self, count_query):
        labels = torch.tensor([0, 1, 0, 1, 1, 2])
        x = rows(6, 3).requires_grad_()
        assert gradcheck(lambda e: smooth_ap_loss(e, labels, 0.2, count_query=count_query), (x,))
        assert gradcheck(lambda e: dense_smooth_ap_loss(e, labels, 0.2), (x,))

    @BOTH
    def test_stays_finite_where_the_exponential_overflows(self, loss):
        x = torch.tensor([[1.0, 0], [-1, 0], [1, 0], [-1, 0]], requires_grad=True)
        value = loss(x, APART, 1e-3)
        value.backward()
        assert value.isfinite()
        assert x.grad.isfinite().all()

    @pytest.mark.parametrize("count_query", [True, False])
    @pytest.mark.parametrize("chunk_size", [1, 7, 1000])
    def test_in_chunks_gives_the_same_value_and_gradient(self, count_query, chunk_size):
        x, labels = rows(20).requires_grad_(), torch.arange(5).repeat(4)
        whole = smooth_ap_loss(x, labels, count_query=count_query)
        chunked = smooth_ap_loss(x, labels, count_query=count_query, chunk_size=chunk_size)
        assert chunked.item() == pytest.approx(whole.item(), abs=1e-12)
        torch.testing.assert_close(
            torch.autograd.grad(chunked, x)[0], torch.autograd.grad(whole, x)[0]
        )

    def test_makes_no_tensor_of_batch_cubed(self):
        batch, images = 64, 4
        x = rows(batch, dtype=torch.float32).requires_grad_()
        labels = torch.arange(batch // images).repeat(images)
        with LargestTensor() as lean:
            smooth_ap_loss(x, labels).backward()
        with LargestTensor() as chunked:
            smooth_ap_loss(x, labels, chunk_size=16).backward()
        with LargestTensor() as dense:
            dense_smooth_ap_loss(x, labels).backward()
        assert lean.elements == batch * batch * images
        assert chunked.elements == batch * batch
        assert dense.elements == batch**3

    @BOTH
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
    def test_keeps_the_dtype_and_compares_in_single_precision(self, loss, dtype):
        x, labels = rows(16).to(dtype), torch.arange(4).repeat(4)
        value = loss(x, labels)
        assert value.dtype == dtype
        assert value.item() == pytest.approx(loss(x.float(), labels).item(), rel=1e-2)

    def test_agrees_with_pytorch_metric_learning_where_that_is_right(self):
        # Its divisor is the number of classes, so the two must be equal; its batch is sorted.
        x, labels = rows(16, dtype=torch.float32), torch.arange(4).repeat_interleave(4)
        peer = SmoothAPLoss(temperature=0.01)(x, labels)
        assert smooth_ap_loss(x, labels).item() == pytest.approx(peer.item(), abs=1e-5)

    @BOTH
    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"embeddings": torch.zeros(3)}, ValueError, "shape"),
            ({"labels": torch.zeros(2)}, TypeError, "labels must be integers"),
            ({"labels": torch.zeros(3).long()}, ValueError, "labels has 3 entries for 2 rows"),
            ({"temperature": 0}, ValueError, "temperature must be finite and greater than 0"),
        ],
    )
    def test_refuses_bad_input_by_name(self, loss, changes, error, message):
        good = {"embeddings": torch.zeros(2, 3), "labels": torch.tensor([0, 0])}
        with pytest.raises(error, match=message):
            loss(**{**good, **changes})


class TestSmoothAPModule:
    def test_is_the_function_with_settings(self):
        x, labels = rows(12), torch.arange(4).repeat(3)
        module = SmoothAP(0.05, count_query=False, chunk_size=5)
        expected = smooth_ap_loss(x, labels, 0.05, count_query=False)
        assert module(x, labels).item() == pytest.approx(expected.item(), abs=1e-12)
        assert "temperature=0.05, count_query=False, chunk_size=5" in repr(module)

    @pytest.mark.parametrize("settings", [{"temperature": -1.0}, {"chunk_size": 0}])
    def test_refuses_bad_settings_when_made(self, settings):
        with pytest.raises(ValueError):
            SmoothAP(**settings)
