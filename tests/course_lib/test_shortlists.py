"""Shortlists miss nothing, although they are drawn up from rounded scores."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.shortlists import shortlists


def all_lists(queries, retrieval, k, chunk_size):
    """The shortlist of every query as a dict item -> squared distance."""
    lists = []
    for rows, items, distances in shortlists(queries, retrieval, k, chunk_size):
        chunk = [{} for _ in range(int(rows.max()) + 1)]
        for row, item, distance in zip(rows, items, distances, strict=True):
            chunk[row][int(item)] = float(distance)
        lists += chunk
    return lists


def random_rows(n, d, random, spread, offset):
    return torch.tensor(
        [[offset + spread * random.uniform(-1, 1) for _ in range(d)] for _ in range(n)]
    )


@given(
    st.integers(1, 5),
    st.integers(1, 120),
    st.integers(1, 9),
    st.sampled_from([1e-6, 1e-3, 1.0, 1e3]),
    st.sampled_from([0.0, 1.0, 100.0]),
    st.randoms(),
)
def test_hold_every_item_whose_distance_is_among_the_k_smallest(n, m, d, spread, offset, random):
    queries = random_rows(n, d, random, spread, offset)
    retrieval = random_rows(m, d, random, spread, offset)
    k = random.randint(1, m)
    distances = (queries[:, None] - retrieval[None]).square().sum(dim=2)
    kth = distances.sort(dim=1).values[:, k - 1]
    for row, found in enumerate(all_lists(queries, retrieval, k, chunk_size=3)):
        due = (distances[row] <= kth[row]).nonzero()[:, 0].tolist()
        assert set(due) <= set(found)
        assert len(found) >= k
        for item, distance in found.items():
            assert distance == distances[row, item]


def test_are_short_where_distances_differ():
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(50, 64, generator=generator)
    retrieval = torch.randn(4000, 64, generator=generator)
    lengths = [len(found) for found in all_lists(queries, retrieval, 5, chunk_size=50)]
    assert max(lengths) <= 7


def test_do_not_change_with_the_chunk():
    x = torch.randn(40, 8, generator=torch.Generator().manual_seed(0))
    whole = all_lists(x, x, 3, chunk_size=40)
    assert [sorted(found)[:1] for found in all_lists(x, x, 3, chunk_size=7)] == [
        sorted(found)[:1] for found in whole
    ]


@pytest.mark.parametrize("size", [1, 31, 32, 33, 65])
def test_never_hold_the_padding_of_the_last_group(size):
    retrieval = torch.randn(size, 4, generator=torch.Generator().manual_seed(0))
    for k in (1, size):
        for _, items, distances in shortlists(torch.zeros(2, 4), retrieval, k, 2):
            assert items.max() < size
            assert distances.isfinite().all()
