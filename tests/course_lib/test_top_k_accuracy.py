"""Top-k accuracy against a literal loop, and with indexes that find less than they should."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.evaluation import HNSWIndex, recall_at_k, top_k_accuracy


def line(*values):
    return torch.tensor(values, dtype=torch.float32)[:, None]


class Found:
    """An index whose results are given."""

    def __init__(self, indices, size):
        self.indices, self.size = torch.tensor(indices), size

    def __len__(self):
        return self.size

    def search(self, queries, k):
        assert self.indices.shape == (len(queries), k)
        return torch.zeros(self.indices.shape), self.indices


def by_hand(queries, query_labels, items, item_labels, k):
    """Every query, every item, one at a time, in plain Python."""
    hits = 0
    for query, label in zip(queries, query_labels, strict=True):
        ranked = sorted(range(len(items)), key=lambda i: ((items[i] - query) ** 2, i))
        hits += any(item_labels[i] == label for i in ranked[:k])
    return hits / len(queries)


numbers = st.integers(-6, 6)
labels = st.integers(0, 3)


@given(
    queries=st.lists(st.tuples(numbers, labels), min_size=1, max_size=6),
    items=st.lists(st.tuples(numbers, labels), min_size=1, max_size=12),
    data=st.data(),
)
def test_is_what_a_loop_counts_with_ties_by_index(queries, items, data):
    k = data.draw(st.integers(1, len(items)))
    (q, q_labels), (r, r_labels) = zip(*queries, strict=True), zip(*items, strict=True)
    found = top_k_accuracy(line(*q), torch.tensor(q_labels), line(*r), torch.tensor(r_labels), k)
    assert found == by_hand(q, q_labels, r, r_labels, k)
    assert found == recall_at_k(
        line(*q), torch.tensor(q_labels), line(*r), torch.tensor(r_labels), k
    )


def test_looks_at_five_neighbours_unless_told():
    item_labels = torch.tensor([7, 7, 7, 7, 1, 2])
    items = line(1, 2, 3, 4, 5, 6)
    assert top_k_accuracy(line(0, 0), torch.tensor([1, 2]), items, item_labels) == 0.5


def test_one_hit_among_five_is_a_hit():
    # Precision would be 0.2; "all" 0.
    items, item_labels = line(1, 2, 3, 4, 5), torch.tensor([7, 7, 1, 7, 7])
    assert top_k_accuracy(line(0), torch.tensor([1]), items, item_labels) == 1


def test_a_query_whose_label_nobody_has_is_a_miss():
    found = top_k_accuracy(line(0, 1), torch.tensor([1, 9]), line(0), torch.tensor([1]), 1)
    assert found == 0.5


def test_drops_when_the_labels_are_those_of_another_set():
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(30, 8, generator=generator)
    ids = torch.arange(30).repeat(4)
    queries = centres[ids] + 0.1 * torch.randn(120, 8, generator=generator)
    assert top_k_accuracy(queries, ids, centres, torch.arange(30), 1) == 1
    wrong = torch.randperm(30, generator=generator)
    assert top_k_accuracy(queries, ids, centres, wrong, 1) < 0.2


def test_with_an_index_counts_what_the_index_finds():
    items, item_labels = line(1, 2, 3), torch.tensor([1, 2, 3])
    index = Found([[1, 2], [0, 2]], size=3)
    arguments = (line(0, 0), torch.tensor([1, 1]), items, item_labels, 2)
    assert top_k_accuracy(*arguments) == 1
    assert top_k_accuracy(*arguments, index=index) == 0.5


def test_a_place_where_the_index_found_nothing_is_not_the_last_item():
    items, item_labels = line(1, 2, 3), torch.tensor([1, 2, 3])
    index = Found([[0, -1], [-1, -1]], size=3)
    labels_of_last = torch.tensor([3, 3])
    found = top_k_accuracy(line(0, 0), labels_of_last, items, item_labels, 2, index=index)
    assert found == 0


@pytest.mark.parametrize("backend", ["nmslib", "faiss"])
def test_with_a_careful_hnsw_index_is_within_a_hundredth_of_exact(backend):
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(60, 16, generator=generator)
    ids = torch.arange(60).repeat(20)
    r, r_labels = centres[ids] + torch.randn(1200, 16, generator=generator), ids
    q, q_labels = centres[ids[:300]] + torch.randn(300, 16, generator=generator), ids[:300]
    index = HNSWIndex(backend=backend, ef_search=100, threads=1).add(r)
    exact = top_k_accuracy(q, q_labels, r, r_labels)
    assert 0.5 < exact < 0.999
    assert top_k_accuracy(q, q_labels, r, r_labels, index=index) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"k": 4}, ValueError, "k is 4, but the retrieval set has 3 rows"),
        ({"k": 0}, ValueError, "k must be at least 1"),
        ({"k": 2.0}, TypeError, "k must be an integer"),
        ({"query_labels": torch.tensor([1])}, ValueError, "query_labels has 1 entries for 2 rows"),
        ({"retrieval_labels": torch.ones(3)}, TypeError, "retrieval_labels must be integers"),
        ({"retrieval_embeddings": torch.ones(3, 2)}, ValueError, "same number of columns"),
        ({"query_embeddings": [[0.0]]}, TypeError, "query_embeddings must be a torch.Tensor"),
        ({"index": Found([[0], [0]], 4)}, ValueError, "the index holds 4 rows, .* has 3"),
        ({"index": "nmslib"}, TypeError, r"index must have search\(\)"),
    ],
)
def test_refuses_what_does_not_fit(change, error, message):
    arguments = {
        "query_embeddings": line(0, 1),
        "query_labels": torch.tensor([1, 2]),
        "retrieval_embeddings": line(1, 2, 3),
        "retrieval_labels": torch.tensor([1, 1, 1]),
        "k": 1,
    }
    with pytest.raises(error, match=message):
        top_k_accuracy(**{**arguments, **change})
