"""HNSW by each backend: against exact search, through a file, and where it finds too little."""

import json
import sys

import faiss
import pytest
import torch

from course_lib.distances import k_nearest
from course_lib.evaluation import HNSWIndex, index_recall, neighbor_recall
from course_lib.evaluation.backends import BACKENDS


def installed(backend):
    try:
        __import__(backend)
    except ImportError:
        return False
    return True


NEEDS_IT = {
    name: pytest.mark.skipif(not installed(name), reason=f"{name} is not installed")
    for name in BACKENDS
}
every_backend = pytest.mark.parametrize(
    "backend", [pytest.param(name, marks=mark) for name, mark in NEEDS_IT.items()]
)
growing_backend = pytest.mark.parametrize(
    "backend", [pytest.param(name, marks=NEEDS_IT[name]) for name in ("faiss", "hnswlib")]
)


def points(n, d=16, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def line(*values):
    return torch.tensor(values, dtype=torch.float32)[:, None]


@every_backend
class TestSearch:
    @pytest.mark.parametrize("d", [1, 3, 16, 33])
    def test_distances_are_squared_and_belong_to_the_indices(self, backend, d):
        retrieval, queries = points(200, d), points(20, d, seed=1)
        distances, indices = HNSWIndex(backend=backend, threads=1).add(retrieval).search(queries, 3)
        differences = queries[:, None] - retrieval[indices]
        torch.testing.assert_close(distances, differences.square().sum(-1), rtol=1e-4, atol=1e-5)
        assert (distances.diff(dim=1) >= 0).all()
        assert (distances.dtype, indices.dtype) == (torch.float32, torch.int64)

    def test_wide_enough_it_finds_what_exact_search_finds(self, backend):
        retrieval, queries = points(500), points(40, seed=1)
        index = HNSWIndex(backend=backend, ef_search=400, threads=1).add(retrieval)
        _, exact = k_nearest(queries, retrieval, 5)
        assert index.search(queries, 5)[1].tolist() == exact.tolist()
        assert index_recall(index, queries, retrieval, 5) == 1

    def test_a_wider_search_misses_less(self, backend):
        retrieval, queries = points(2000, 32), points(100, 32, seed=1)
        index = HNSWIndex(backend=backend, M=4, ef_construction=20, ef_search=1, threads=1)
        index.add(retrieval)
        narrow = index_recall(index, queries, retrieval)
        index.ef_search = 300
        assert narrow < 0.7 < 0.9 < index_recall(index, queries, retrieval)

    def test_of_three_items_all_three_are_found(self, backend):
        _, indices = HNSWIndex(backend=backend).add(line(3, 1, 2)).search(line(0), 3)
        assert indices.tolist() == [[1, 2, 0]]

    def test_missing_results_have_index_minus_one_at_infinity(self, backend):
        # The poorest of graphs over heavy duplicates: parts of it cannot be reached.
        retrieval = points(200).repeat_interleave(3, dim=0)
        index = HNSWIndex(backend=backend, M=2, ef_construction=1, ef_search=1).add(retrieval)
        distances, indices = index.search(points(3, seed=1), 550)
        missing = indices < 0
        assert missing.any()
        assert torch.equal(missing, distances.isinf())
        # They are the last ones, and what was found is found once.
        assert (missing.long().diff(dim=1) >= 0).all()
        for row in indices:
            found = row[row >= 0].tolist()
            assert len(found) == len(set(found)) > 0

    def test_threads_find_what_one_thread_finds(self, backend):
        retrieval, queries = points(800), points(60, seed=1)
        graphs = [
            HNSWIndex(backend=backend, ef_search=300, threads=t).add(retrieval) for t in (1, 2)
        ]
        one, two = (graph.search(queries, 5)[1].tolist() for graph in graphs)
        assert one == two

    def test_float64_and_half_precision_are_searched_as_float32(self, backend):
        for dtype in (torch.float64, torch.float16):
            index = HNSWIndex(backend=backend).add(line(1, 2, 3).to(dtype))
            distances, indices = index.search(line(2).to(dtype), 1)
            assert (distances.tolist(), indices.tolist()) == ([[0.0]], [[1]])

    def test_embeddings_with_a_graph_are_taken(self, backend):
        embeddings = points(10).requires_grad_()
        distances, _ = HNSWIndex(backend=backend).add(embeddings).search(embeddings, 2)
        assert not distances.requires_grad


@every_backend
class TestFiles:
    def test_a_saved_index_is_read_back_with_settings_and_results(self, backend, tmp_path):
        retrieval, queries = points(400), points(30, seed=1)
        index = HNSWIndex(backend=backend, M=8, ef_construction=50, ef_search=20).add(retrieval)
        index.save(tmp_path / "new" / "index")
        again = HNSWIndex.load(tmp_path / "new" / "index")
        assert repr(again) == repr(index)
        assert again.settings == index.settings
        for mine, theirs in zip(again.search(queries, 5), index.search(queries, 5), strict=True):
            assert torch.equal(mine, theirs)

    def test_a_folder_without_the_graph_is_refused(self, backend, tmp_path):
        HNSWIndex(backend=backend).add(points(10)).save(tmp_path)
        (tmp_path / "graph.bin").unlink()
        with pytest.raises(FileNotFoundError, match=r"no saved index: graph\.bin is missing"):
            HNSWIndex.load(tmp_path)

    def test_a_graph_of_another_index_is_refused(self, backend, tmp_path):
        HNSWIndex(backend=backend).add(points(10)).save(tmp_path)
        description = tmp_path / "index.json"
        text = description.read_text().replace('"size": 10', '"size": 11')
        description.write_text(text)
        with pytest.raises(ValueError, match=r"describes 11 x 16 embeddings, the graph .* 10 x 16"):
            HNSWIndex.load(tmp_path)


class TestBuilding:
    @growing_backend
    def test_embeddings_added_later_are_numbered_on(self, backend):
        index = HNSWIndex(backend=backend).add(line(0, 1)).add(line(5))
        assert len(index) == 3
        assert index.search(line(4.9), 1)[1].tolist() == [[2]]

    @growing_backend
    def test_a_loaded_index_grows_on(self, backend, tmp_path):
        HNSWIndex(backend=backend).add(line(0, 1)).save(tmp_path)
        index = HNSWIndex.load(tmp_path).add(line(5))
        assert index.search(line(4.9), 1)[1].tolist() == [[2]]

    @growing_backend
    def test_one_thread_and_one_seed_build_the_same_graph_again(self, backend):
        retrieval, queries = points(1500), points(100, seed=1)

        def found(seed):
            index = HNSWIndex(
                backend=backend, M=3, ef_construction=5, ef_search=1, seed=seed, threads=1
            )
            return index.add(retrieval).search(queries, 5)[1].tolist()

        assert found(0) == found(0) != found(7)

    def test_nmslib_builds_once_and_says_so(self):
        index = HNSWIndex(backend="nmslib").add(line(0, 1))
        with pytest.raises(ValueError, match="nmslib cannot add to a graph that is built"):
            index.add(line(5))

    def test_faiss_gets_its_threads_back(self):
        before = faiss.omp_get_max_threads()
        HNSWIndex(backend="faiss", threads=before + 1).add(points(50)).search(points(3), 2)
        assert faiss.omp_get_max_threads() == before

    @growing_backend
    def test_progress_counts_the_rows(self, backend, capsys):
        HNSWIndex(backend=backend, progress=True).add(points(30))
        assert "30/30" in capsys.readouterr().err

    @every_backend
    def test_without_progress_nothing_is_printed(self, backend, capfd):
        HNSWIndex(backend=backend).add(points(30))
        assert capfd.readouterr() == ("", "")

    def test_a_library_that_is_missing_is_named_with_the_remedy(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "hnswlib", None)
        with pytest.raises(ImportError, match=r"pip install hnswlib` \(it needs a C\+\+ compiler"):
            HNSWIndex(backend="hnswlib").add(points(3))


class TestRefusals:
    @pytest.mark.parametrize(
        ("settings", "error", "message"),
        [
            ({"backend": "annoy"}, ValueError, "backend must be one of 'nmslib', 'faiss'"),
            ({"space": "cosinesimil"}, ValueError, "space must be one of 'l2'"),
            ({"M": 1}, ValueError, "M must be at least 2"),
            ({"ef_construction": 0}, ValueError, "ef_construction must be at least 1"),
            ({"ef_search": 0}, ValueError, "ef_search must be at least 1"),
            ({"ef_search": 1.5}, TypeError, "ef_search must be an integer"),
            ({"threads": 0}, ValueError, "threads must be at least 1"),
            ({"seed": -1}, ValueError, "seed must be at least 0"),
        ],
    )
    def test_settings_out_of_range(self, settings, error, message):
        with pytest.raises(error, match=message):
            HNSWIndex(**settings)

    @pytest.mark.parametrize(
        ("use", "error", "message"),
        [
            (lambda i: i.add([[1.0]]), TypeError, "embeddings must be a torch.Tensor"),
            (lambda i: i.add(torch.ones(2, 2)), ValueError, "embeddings have 2 columns, the .* 1"),
            (lambda i: i.search(torch.ones(2, 2), 1), ValueError, "queries have 2 columns"),
            (lambda i: i.search(line(float("nan")), 1), ValueError, "queries row 0 holds NaN"),
            (lambda i: i.search(line(0), 3), ValueError, "k is 3, but the index holds 2 rows"),
            (lambda i: i.search(line(0), 0), ValueError, "k must be at least 1"),
        ],
    )
    def test_calls_that_do_not_fit(self, use, error, message):
        index = HNSWIndex(backend="faiss").add(line(0, 1))
        with pytest.raises(error, match=message):
            use(index)

    def test_values_beyond_single_precision(self):
        huge = torch.tensor([[0.0], [1e300]], dtype=torch.float64)
        with pytest.raises(
            ValueError, match="embeddings row 1 holds NaN, infinity or a value beyond"
        ):
            HNSWIndex(backend="faiss").add(huge)

    def test_an_empty_index(self, tmp_path):
        with pytest.raises(ValueError, match="add embeddings before you search"):
            HNSWIndex().search(line(0), 1)
        with pytest.raises(ValueError, match="nothing to save"):
            HNSWIndex().save(tmp_path)

    @pytest.mark.parametrize(
        "text", ["{", "[]", "{}", json.dumps({"size": 1, "dimension": 1, "eval": "1"})]
    )
    def test_a_damaged_description(self, text, tmp_path):
        HNSWIndex(backend="faiss").add(line(0)).save(tmp_path)
        (tmp_path / "index.json").write_text(text)
        with pytest.raises(ValueError, match=r"index\.json does not describe an index"):
            HNSWIndex.load(tmp_path)

    def test_a_folder_without_an_index(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"index\.json is missing"):
            HNSWIndex.load(tmp_path)


class TestNeighborRecall:
    def test_counts_found_neighbours_of_all_queries(self):
        queries, retrieval = line(0, 10), line(0, 1, 2, 9, 10)
        assert neighbor_recall(queries, retrieval, torch.tensor([[0, 1], [4, 3]])) == 1
        assert neighbor_recall(queries, retrieval, torch.tensor([[2, 0], [3, 0]])) == 0.5

    def test_items_at_the_same_distance_are_equally_good(self):
        # Items 1 and 2 are copies, item 3 is as far on the other side.
        queries, retrieval = line(0), line(0, 1, 1, -1, 2)
        for second in (1, 2, 3):
            assert neighbor_recall(queries, retrieval, torch.tensor([[0, second]])) == 1
        assert neighbor_recall(queries, retrieval, torch.tensor([[0, 4]])) == 0.5

    def test_nothing_found_is_a_miss_even_if_the_last_item_is_near(self):
        assert neighbor_recall(line(0), line(5, 1), torch.tensor([[-1]])) == 0

    @pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
    def test_exact_search_has_recall_1_in_every_precision(self, dtype):
        queries, retrieval = points(50, 128).to(dtype), points(300, 128, seed=1).to(dtype)
        _, exact = k_nearest(queries, retrieval, 7)
        assert neighbor_recall(queries, retrieval, exact) == 1

    @pytest.mark.parametrize(
        ("found", "error", "message"),
        [
            ([[0]], TypeError, "found must be a torch.Tensor"),
            (torch.tensor([[0.0]]), TypeError, "found must be int64"),
            (torch.tensor([0]), ValueError, r"found must have shape \(1, k\)"),
            (torch.tensor([[0], [0]]), ValueError, r"found must have shape \(1, k\)"),
            (torch.tensor([[0, 1, 0]]), ValueError, "k is 3, but the retrieval set has 2 rows"),
        ],
    )
    def test_refuses_what_is_no_result_of_a_search(self, found, error, message):
        with pytest.raises(error, match=message):
            neighbor_recall(line(0), line(0, 1), found)

    def test_an_index_of_another_set_is_refused(self):
        index = HNSWIndex(backend="faiss").add(line(0, 1))
        with pytest.raises(ValueError, match="the index holds 2 rows, the retrieval set has 3"):
            index_recall(index, line(0), line(0, 1, 2), 1)
