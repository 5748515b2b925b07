"""Batches of categories x products x images: who is eligible, how many fit, what each promises."""

import random
import subprocess
import sys
import warnings
from collections import Counter
from functools import cache
from itertools import combinations, islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_metric_learning.samplers import MPerClassSampler
from torch.utils.data import BatchSampler, DataLoader, TensorDataset

from course_lib.sampling import CategoryProductBatchSampler, eligible_products, epoch_length


def dataset(sizes, seed=0):
    """Ids of images in mixed order; ``sizes[c][p]`` images show product p of category c.

    Ids are neither dense nor ordered alike, so that positions cannot be mistaken for them.
    """
    categories, products = [], []
    for c, counts in enumerate(sizes):
        for p, count in enumerate(counts):
            categories += [100 - 7 * c] * count
            products += [1000 * ((c * 5 + 3) % 11) + 17 * p] * count
    order = np.random.default_rng(seed).permutation(len(products))
    return np.array(categories)[order], np.array(products)[order]


# Three categories of 7, 4 and 6 products; most products have more images than a batch takes.
SIZES = [[5, 6, 7, 5, 9, 5, 8], [6, 5, 5, 7], [5, 5, 6, 6, 10, 5]]
MNL = {"n_categories": 2, "n_products": 3, "n_images": 5}


def sampler(sizes=SIZES, **options):
    return CategoryProductBatchSampler(*dataset(sizes), **{**MNL, **options})


sizes_strategy = st.lists(
    st.lists(st.integers(1, 6), min_size=1, max_size=7), min_size=1, max_size=6
)


class TestEligibleProducts:
    def test_a_product_needs_n_images_and_a_category_n_products(self):
        categories = [1] * 9 + [2] * 5
        products = [10] * 3 + [11] * 2 + [12] * 4 + [20] * 3 + [21] * 2
        found = eligible_products(categories, products, n_products=2, n_images=3)
        assert list(found) == [1]
        assert found[1].tolist() == [10, 12]

    def test_categories_and_products_come_sorted_as_int64(self):
        found = eligible_products([9, 3, 9, 3], [8, 7, 2, 1], n_products=1, n_images=1)
        assert list(found) == [3, 9]
        assert [products.tolist() for products in found.values()] == [[1, 7], [2, 8]]
        assert all(products.dtype == np.int64 for products in found.values())

    def test_nothing_eligible_is_an_empty_dict(self):
        assert eligible_products([1, 1], [5, 6], n_products=1, n_images=2) == {}

    @given(sizes_strategy, st.integers(1, 4), st.integers(1, 5))
    def test_agrees_with_counting_one_by_one(self, sizes, n_products, n_images):
        categories, products = dataset(sizes)
        counts = Counter(zip(categories.tolist(), products.tolist(), strict=True))
        expected = {}
        for (category, product), count in sorted(counts.items()):
            if count >= n_images:
                expected.setdefault(category, []).append(product)
        expected = {c: p for c, p in expected.items() if len(p) >= n_products}
        found = eligible_products(categories, products, n_products=n_products, n_images=n_images)
        assert {c: p.tolist() for c, p in found.items()} == expected
        assert list(found) == sorted(found)

    @pytest.mark.parametrize("convert", [list, np.array, torch.tensor])
    def test_ids_may_be_lists_arrays_or_tensors(self, convert):
        found = eligible_products(convert([1, 1]), convert([5, 5]), n_products=1, n_images=2)
        assert found[1].tolist() == [5]

    def test_a_product_in_two_categories_is_named(self):
        with pytest.raises(ValueError, match="product 42 lies in categories 1 and 3"):
            eligible_products([1, 2, 3], [42, 7, 42], n_products=1, n_images=1)


class TestEpochLength:
    @pytest.mark.parametrize(
        ("chunk_counts", "n_categories", "batches"),
        [((1, 1, 3), 2, 2), ((3, 1, 1), 2, 2), ((4, 4), 3, 0), ((5,), 1, 5), ((), 1, 0)],
    )
    def test_golden_values(self, chunk_counts, n_categories, batches):
        assert epoch_length(chunk_counts, n_categories) == batches

    @given(st.lists(st.integers(0, 30), max_size=10), st.integers(1, 6))
    def test_is_the_largest_number_that_the_chunks_allow(self, chunks, n):
        feasible = [k for k in range(sum(chunks) + 1) if sum(min(q, k) for q in chunks) >= n * k]
        assert epoch_length(chunks, n) == max(feasible)

    @given(st.lists(st.integers(0, 3), max_size=4), st.integers(1, 3))
    def test_no_choice_of_batches_does_better(self, chunks, n):
        @cache
        def most(left):
            full = [c for c, q in enumerate(left) if q]
            return max(
                (
                    1 + most(tuple(q - (c in chosen) for c, q in enumerate(left)))
                    for chosen in combinations(full, n)
                ),
                default=0,
            )

        assert epoch_length(chunks, n) == most(tuple(chunks))

    def test_a_huge_category_does_not_take_long(self):
        assert epoch_length(np.array([10**12, 3, 2]), 2) == 5


class TestABatch:
    def test_has_n_categories_of_m_products_of_l_images_in_blocks(self):
        categories, products = dataset(SIZES)
        for batch in sampler():
            c, p = categories[batch].reshape(2, 3, 5), products[batch].reshape(2, 3, 5)
            assert (c == c[:, :1, :1]).all()
            assert (p == p[:, :, :1]).all()
            assert len(set(c[:, 0, 0])) == 2
            assert all(len(set(row)) == 3 for row in p[:, :, 0])
            assert len(set(batch)) == len(batch) == 30

    def test_is_a_list_of_plain_integers(self):
        batch = next(iter(sampler()))
        assert type(batch) is list
        assert {type(index) for index in batch} == {int}

    def test_never_shows_a_product_with_too_few_images_nor_a_category_with_too_few_products(self):
        sizes = [[5, 5, 5, 4], [5, 5, 4], [5, 5, 5]]
        categories, products = dataset(sizes)
        rare = {p for p, count in Counter(products.tolist()).items() if count < 5}
        seen = [index for batch in sampler(sizes) for index in batch]
        assert not rare & set(products[seen].tolist())
        assert set(categories[seen].tolist()) == {100, 86}

    def test_orders_categories_products_and_images_at_random(self):
        one = sampler([[5, 5, 5], [5, 5, 5]], n_images=2)
        categories, products = dataset([[5, 5, 5], [5, 5, 5]])
        batches = [batch for _ in range(1500) for batch in one]
        assert {categories[batch[0]].item() for batch in batches} == {100, 93}
        assert len({tuple(products[batch[:6:2]]) for batch in batches}) == 12
        assert len({tuple(batch[:2]) for batch in batches}) == 6 * 5 * 4

    @settings(max_examples=60)
    @given(sizes_strategy, st.integers(1, 3), st.integers(1, 3), st.integers(2, 4))
    def test_holds_its_promises_for_any_dataset(self, sizes, n, m, images):
        categories, products = dataset(sizes)
        options = {"n_categories": n, "n_products": m, "n_images": images}
        eligible = eligible_products(categories, products, n_products=m, n_images=images)
        if len(eligible) < n:
            with pytest.raises(ValueError, match="only"):
                CategoryProductBatchSampler(categories, products, **options)
            return
        batches = CategoryProductBatchSampler(categories, products, **options)
        drawn = list(batches)
        assert len(drawn) == len(batches) >= 1
        used = Counter()
        for batch in drawn:
            blocks = products[batch].reshape(n, m, images)
            assert (blocks == blocks[:, :, :1]).all()
            assert len(set(batch)) == len(batch)
            assert len(set(categories[batch].tolist())) == n
            used.update(blocks[:, :, 0].ravel().tolist())
        assert set(used.values()) == {1}, "no product twice in an epoch"
        assert set(used) <= {p for group in eligible.values() for p in group.tolist()}


class TestAnEpoch:
    def test_is_as_long_as_said_also_when_all_divides_exactly(self):
        exact = sampler([[5] * 6] * 4)
        assert len(list(exact)) == len(exact) == 4
        with_rest = sampler()
        assert len(list(with_rest)) == len(with_rest) == 2

    def test_takes_the_fullest_categories_so_that_none_is_orphaned(self):
        sizes = [[5] * 3, [5] * 3, [5] * 9]  # 1, 1 and 3 chunks
        assert len(list(sampler(sizes))) == 2

    def test_follows_the_last_and_can_be_set(self):
        once = sampler()
        first, second = list(once), list(once)
        assert first != second
        once.set_epoch(0)
        assert list(once) == first
        assert list(once) == second

    def test_depends_on_seed_and_epoch_alone(self):
        assert list(sampler(seed=3)) == list(sampler(seed=3))
        assert list(sampler(seed=3)) != list(sampler(seed=4))

    def test_neither_reads_nor_changes_the_global_generators(self):
        def states():
            legacy = np.random.get_state()
            return random.getstate(), legacy[1].tolist(), torch.get_rng_state().tolist()

        before = states()
        batches = list(sampler())
        assert states() == before
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        assert list(sampler()) == batches

    def test_is_the_same_in_every_process_whatever_its_hash_seed(self):
        program = (
            "from course_lib.sampling import CategoryProductBatchSampler as S;"
            "print(list(S([1, 1, 2, 2] * 4, [1, 1, 2, 2] * 4,"
            " n_categories=2, n_products=1, n_images=3)))"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", program],
                env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(outputs) == 1

    def test_half_used_does_not_disturb_the_next(self):
        whole, broken = sampler(), sampler()
        list(whole)
        list(islice(broken, 1))
        assert list(broken) == list(whole)


class TestIndependentBatches:
    def test_are_as_many_as_asked_and_hold_the_same_promises(self):
        categories, products = dataset(SIZES)
        many = sampler(num_batches=25)
        batches = list(many)
        assert len(batches) == len(many) == 25
        for batch in batches:
            blocks = products[batch].reshape(2, 3, 5)
            assert (blocks == blocks[:, :, :1]).all()
            assert len(set(batch)) == 30
            assert len(set(categories[batch])) == 2

    def test_reach_every_eligible_product_evenly(self):
        _, products = dataset(SIZES)
        counts = Counter(
            product
            for batch in sampler(num_batches=2000)
            for product in products[batch].reshape(6, 5)[:, 0].tolist()
        )
        assert len(counts) == 17
        # Category of 4 products: each in a batch with probability 2/3 * 3/4; of 7: 2/3 * 3/7.
        assert max(counts.values()) == pytest.approx(1000, rel=0.1)
        assert min(counts.values()) == pytest.approx(571, rel=0.15)


class TestDistributed:
    @pytest.mark.parametrize("options", [{}, {"num_batches": 11}])
    @pytest.mark.parametrize("world_size", [1, 2, 3, 4])
    def test_ranks_share_the_batches_of_one_process_without_its_tail(self, options, world_size):
        sizes = [[5] * 9] * 5  # 7 batches
        alone = list(sampler(sizes, **options))
        shares = [
            list(sampler(sizes, rank=rank, world_size=world_size, **options))
            for rank in range(world_size)
        ]
        assert {len(share) for share in shares} == {len(alone) // world_size}
        merged = [batch for step in zip(*shares, strict=True) for batch in step]
        assert merged == alone[: len(merged)]

    def test_length_is_that_of_a_rank(self):
        assert len(sampler([[5] * 9] * 5, world_size=3)) == 2


class TestInALoader:
    def test_gives_the_batches_of_the_sampler(self):
        _, products = dataset(SIZES)
        data = TensorDataset(torch.from_numpy(products))
        loaded = [batch for (batch,) in DataLoader(data, batch_sampler=sampler())]
        expected = [products[batch].tolist() for batch in sampler()]
        assert [batch.tolist() for batch in loaded] == expected

    def test_is_a_batch_sampler_with_its_attributes(self):
        one = sampler()
        assert isinstance(one, BatchSampler)
        assert one.batch_size == 30
        assert one.drop_last is True
        assert len(one.sampler) == len(dataset(SIZES)[0])

    def test_has_the_class_counts_of_pytorch_metric_learning(self):
        products = np.repeat(np.arange(8), 6)
        peer = list(MPerClassSampler(products, m=4, batch_size=16, length_before_new_iter=48))
        ours = CategoryProductBatchSampler(
            products // 2, products, n_categories=2, n_products=2, n_images=4
        )
        for batch, other in zip(ours, np.reshape(peer, (-1, 16)), strict=False):
            counts, peer_counts = Counter(products[batch]), Counter(products[other])
            assert sorted(counts.values()) == sorted(peer_counts.values()) == [4] * 4


class TestTheConstructor:
    def test_refuses_fewer_eligible_categories_than_asked(self):
        with pytest.raises(ValueError, match=r"needs 4 categories .* only 3"):
            sampler(n_categories=4)

    @pytest.mark.parametrize("name", ["n_categories", "n_products", "n_images", "num_batches"])
    @pytest.mark.parametrize(("value", "error"), [(0, ValueError), (-1, ValueError)])
    def test_refuses_counts_below_one(self, name, value, error):
        with pytest.raises(error, match=f"{name} must be at least 1"):
            sampler(**{name: value})

    @pytest.mark.parametrize("value", [2.0, "2", True])
    def test_refuses_counts_that_are_no_integers(self, value):
        with pytest.raises(TypeError, match="n_products must be an integer"):
            sampler(n_products=value)

    def test_refuses_a_product_of_two_categories_by_name(self):
        with pytest.raises(ValueError, match="product 5 "):
            CategoryProductBatchSampler([1, 2], [5, 5], n_categories=1, n_products=1, n_images=2)

    def test_refuses_lists_of_different_lengths(self):
        with pytest.raises(ValueError, match="category_ids 3, product_ids 2"):
            CategoryProductBatchSampler([1, 1, 1], [5, 5], n_categories=1, n_products=1, n_images=2)

    def test_refuses_names_for_ids_and_says_how_to_number_them(self):
        with pytest.raises(TypeError, match="return_inverse"):
            CategoryProductBatchSampler(
                ["a", "a"], [5, 5], n_categories=1, n_products=1, n_images=2
            )

    @pytest.mark.parametrize(("rank", "world_size"), [(2, 2), (-1, 2), (0, 0)])
    def test_refuses_a_rank_outside_the_world(self, rank, world_size):
        with pytest.raises(ValueError, match=r"rank|world_size"):
            sampler(rank=rank, world_size=world_size)

    def test_warns_when_no_positive_pair_can_exist(self):
        with pytest.warns(UserWarning, match="positive pair"):
            sampler(n_images=1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            sampler(n_images=2)
