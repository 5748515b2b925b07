"""ADSH: soft similarities, its loss, and the update of the codes against exhaustive search."""

from itertools import pairwise, product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd import gradcheck

from benchmarks.hamming import published_update
from course_lib.hashing import (
    asymmetric_loss,
    asymmetric_objective,
    binarize,
    draw_sample,
    similarity_products,
    soft_similarities,
    update_codes,
)


def problem(n, m, n_bits, seed=0, n_classes=3):
    """Labels of a database, a sample of it, its outputs, and codes to start from."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(n_classes, (n,), generator=generator)
    sample = torch.randperm(n, generator=generator)[:m]
    outputs = torch.randn(m, n_bits, generator=generator, dtype=torch.float64).tanh()
    codes = binarize(torch.randn(n, n_bits, generator=generator, dtype=torch.float64))
    return labels, sample, outputs, codes


def dense_objective(codes, outputs, sample, similarities, gamma):
    unlike = (outputs @ codes.T - codes.shape[1] * similarities).square().sum()
    return (unlike + gamma * (codes[sample] - outputs).square().sum()).item()


class TestSoftSimilarities:
    def test_sum_to_zero_with_one_for_equal_labels(self):
        labels = torch.tensor([0, 0, 1, 2, 2, 2])
        found = soft_similarities(labels[:3], labels)
        similar = labels[:3, None] == labels
        assert (found[similar] == 1).all()
        assert found.sum().abs() < 1e-5
        assert found[~similar].unique().tolist() == [pytest.approx(-5 / 13)]

    def test_are_plus_or_minus_one_where_there_is_one_kind_of_pair_only(self):
        same, other = torch.zeros(2).long(), torch.ones(3).long()
        assert (soft_similarities(same, same) == 1).all()
        assert (soft_similarities(same, other) == -1).all()


class TestSimilarityProducts:
    @given(st.integers(1, 12), st.integers(1, 8), st.integers(1, 5), st.integers(0, 99))
    def test_are_those_of_the_dense_matrix(self, n, m, n_classes, seed):
        labels, sample, outputs, _ = problem(n, min(m, n), 4, seed, n_classes)
        dense = soft_similarities(labels[sample], labels).double()
        products, other = similarity_products(outputs, labels[sample], labels)
        torch.testing.assert_close(products, dense.T @ outputs, rtol=0, atol=1e-6)
        assert other == pytest.approx(dense.min().item() if dense.min() < 0 else -1, abs=1e-6)


class TestAsymmetricLoss:
    def test_of_one_pair_is_what_was_worked_out(self):
        # Two equal codes of 16 bits, similar: nothing. Without the factor 16 it would be 225.
        code = torch.ones(1, 16)
        sample = torch.tensor([0])
        assert asymmetric_loss(code, code, torch.ones(1, 1), sample).item() == 0
        assert asymmetric_loss(code / 2, code, torch.ones(1, 1), sample, 2).item() == 64 + 8

    def test_is_the_objective_divided_by_the_pairs(self):
        labels, sample, outputs, codes = problem(9, 4, 6)
        similarities = soft_similarities(labels[sample], labels).double()
        expected = dense_objective(codes, outputs, sample, similarities, 200.0) / (9 * 4)
        loss = asymmetric_loss(outputs, codes, similarities, sample)
        assert loss.item() == pytest.approx(expected)

    def test_has_the_right_gradients(self):
        labels, sample, outputs, codes = problem(5, 3, 4)
        similarities = soft_similarities(labels[sample], labels).double()
        outputs.requires_grad_()
        assert gradcheck(lambda u: asymmetric_loss(u, codes, similarities, sample, 3.0), (outputs,))

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"similarities": torch.ones(3, 2)}, ValueError, r"must have shape \(2, 3\)"),
            ({"sample": torch.tensor([0])}, ValueError, "sample has 1 entries for 2 rows"),
            ({"sample": torch.tensor([0.0, 1])}, TypeError, "sample must be integers"),
            ({"codes": torch.ones(3, 5)}, ValueError, "outputs has 4 columns, codes 5"),
            ({"codes": torch.ones(3, 4).double()}, TypeError, "float64"),
        ],
    )
    def test_refuses_bad_input_by_name(self, changes, error, message):
        good = {
            "outputs": torch.ones(2, 4),
            "codes": torch.ones(3, 4),
            "similarities": torch.ones(2, 3),
            "sample": torch.tensor([0, 2]),
        }
        with pytest.raises(error, match=message):
            asymmetric_loss(**{**good, **changes})


class TestUpdateCodes:
    @pytest.mark.parametrize("seed", range(5))
    def test_each_bit_is_the_best_of_all_given_the_others(self, seed):
        labels, sample, outputs, codes = problem(7, 4, 1, seed)
        similarities = soft_similarities(labels[sample], labels).double()
        found = update_codes(codes, outputs, sample, similarities.T @ outputs, 5.0)
        every = torch.tensor(list(product([-1.0, 1.0], repeat=7)), dtype=torch.float64)
        best = min(dense_objective(c[:, None], outputs, sample, similarities, 5.0) for c in every)
        value = dense_objective(found, outputs, sample, similarities, 5.0)
        assert value == pytest.approx(best, abs=1e-9)

    @pytest.mark.parametrize("seed", range(20))
    def test_the_objective_never_rises_bit_by_bit(self, seed):
        labels, sample, outputs, codes = problem(40, 15, 8, seed)
        similarities = soft_similarities(labels[sample], labels).double()
        products = similarities.T @ outputs
        squares = similarities.square().sum().item()
        values = [asymmetric_objective(codes, outputs, sample, products, squares)]
        for _ in range(3):
            codes = update_codes(codes, outputs, sample, products)
            values.append(asymmetric_objective(codes, outputs, sample, products, squares))
            assert values[-1] == pytest.approx(
                dense_objective(codes, outputs, sample, similarities, 200.0)
            )
        assert all(later <= earlier + 1e-6 for earlier, later in pairwise(values))

    def test_is_the_published_update(self):
        labels, sample, outputs, codes = problem(60, 20, 12)
        similarities = soft_similarities(labels[sample], labels).double()
        products, _ = similarity_products(outputs, labels[sample], labels)
        expected = published_update(codes, outputs, sample, similarities)
        assert torch.equal(update_codes(codes, outputs, sample, products), expected)

    def test_a_large_gamma_gives_the_sample_its_own_signs_in_any_order(self):
        labels, sample, outputs, codes = problem(12, 5, 8)
        for order in (torch.arange(5), torch.arange(4, -1, -1)):
            products, _ = similarity_products(outputs[order], labels[sample[order]], labels)
            found = update_codes(codes, outputs[order], sample[order], products, 1e6)
            assert torch.equal(found[sample], binarize(outputs))

    def test_leaves_a_bit_on_which_nothing_depends_and_the_input(self):
        codes = binarize(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)))
        before = codes.clone()
        nothing = torch.zeros(2, 3)
        found = update_codes(codes, nothing, torch.tensor([0, 1]), torch.zeros(4, 3))
        assert torch.equal(found, before)
        update_codes(codes, torch.ones(2, 3), torch.tensor([0, 1]), -torch.ones(4, 3))
        assert torch.equal(codes, before)

    def test_refuses_products_of_another_shape(self):
        with pytest.raises(ValueError, match=r"products must have shape \(4, 3\), got \(4, 2\)"):
            update_codes(torch.ones(4, 3), torch.ones(2, 3), torch.tensor([0, 1]), torch.ones(4, 2))


def test_a_sample_is_of_different_images_and_never_larger_than_the_database():
    generator = torch.Generator().manual_seed(0)
    assert len(draw_sample(100, 30, generator).unique()) == 30
    assert sorted(draw_sample(5, 30, generator).tolist()) == [0, 1, 2, 3, 4]
