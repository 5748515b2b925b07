"""Indices of packed codes: three backends that find the same, and what a graph may miss."""

import json
import sys

import pytest
import torch

from course_lib.hashing import BinaryIndex, hamming_distances, hamming_search, pack_codes

EVERY = pytest.mark.parametrize("backend", ["flat", "hnsw", "numpy"])
EXACT = pytest.mark.parametrize("backend", ["flat", "numpy"])


def packed(n, n_bits=48, seed=0):
    return pack_codes(torch.randn(n, n_bits, generator=torch.Generator().manual_seed(seed)))


class TestSearch:
    @EXACT
    @pytest.mark.parametrize("n_bits", [12, 48, 300])
    def test_exact_backends_find_the_distances_of_hamming_search(self, backend, n_bits):
        queries, database = packed(20, n_bits), packed(500, n_bits, seed=1)
        distances, indices = BinaryIndex(backend).add(database).search(queries, 10)
        assert distances.dtype == torch.int16
        assert indices.dtype == torch.int64
        assert torch.equal(distances, hamming_search(queries, database, 10)[0])
        every = hamming_distances(queries, database)
        assert torch.equal(every.gather(1, indices), distances)

    @EXACT
    def test_all_codes_come_in_the_order_of_hamming_search(self, backend):
        queries, database = packed(5, 8), packed(60, 8, seed=1)
        expected = hamming_search(queries, database, 60)
        found = BinaryIndex(backend).add(database).search(queries, 60)
        assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))

    def test_a_graph_finds_nearly_all_and_says_true_distances(self):
        queries, database = packed(50), packed(2000, seed=1)
        distances, indices = BinaryIndex("hnsw", threads=1).add(database).search(queries, 10)
        assert torch.equal(hamming_distances(queries, database).gather(1, indices), distances)
        exact = hamming_search(queries, database, 10)[0]
        assert (distances == exact).float().mean() > 0.8
        assert (distances >= exact).all()

    def test_a_graph_that_finds_too_few_says_so(self, monkeypatch):
        index = BinaryIndex("hnsw").add(packed(4))

        class ShortOfOne:
            def __init__(self, real):
                self.real, self.hnsw = real, real.hnsw
                self.ntotal, self.code_size = real.ntotal, real.code_size

            def search(self, queries, k):
                distances, indices = self.real.search(queries, k)
                distances[:, 0], indices[:, 0] = 2**31 - 1, -1
                return distances, indices

        monkeypatch.setattr(index, "_index", ShortOfOne(index._index))
        distances, indices = index.search(packed(1), 4)
        assert indices[0, -1] == -1
        assert distances[0, -1] == 32767
        assert (indices[0, :3] >= 0).all()

    def test_a_graph_is_the_same_again_with_one_thread(self):
        queries, database = packed(50), packed(1000, seed=1)
        one, two = (
            BinaryIndex("hnsw", M=4, ef_search=1, threads=1).add(database).search(queries, 5)[1]
            for _ in "ab"
        )
        assert torch.equal(one, two)

    @EVERY
    def test_numbers_go_on_from_what_is_there(self, backend):
        first, second = packed(30), packed(30, seed=1)
        index = BinaryIndex(backend).add(first).add(second)
        assert len(index) == 60
        distances, indices = index.search(second[7:8], 1)
        assert (distances.item(), indices.item()) == (0, 37)

    @EVERY
    def test_of_no_queries_finds_nothing(self, backend):
        distances, indices = BinaryIndex(backend).add(packed(5)).search(packed(5)[:0], 2)
        assert distances.shape == indices.shape == (0, 2)

    @EVERY
    def test_refuses_what_does_not_fit(self, backend):
        index = BinaryIndex(backend)
        with pytest.raises(ValueError, match="the index is empty; add codes before"):
            index.search(packed(1), 1)
        index.add(packed(5))
        with pytest.raises(ValueError, match="codes has 2 bytes a row, the index has 6"):
            index.add(packed(5, 16))
        with pytest.raises(ValueError, match="k is 6, but the index holds 5 codes"):
            index.search(packed(1), 6)
        with pytest.raises(TypeError, match="queries must be uint8"):
            index.search(torch.zeros(1, 6), 1)

    def test_refuses_an_unknown_backend_and_bad_settings(self):
        with pytest.raises(ValueError, match="backend must be one of 'flat', 'hnsw', 'numpy'"):
            BinaryIndex("annoy")
        with pytest.raises(ValueError, match="M must be at least 2"):
            BinaryIndex("hnsw", M=1)

    def test_without_faiss_the_remedy_is_named_and_numpy_works(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "faiss", None)
        with pytest.raises(ImportError, match=r"'flat' needs faiss; install it with `pip install"):
            BinaryIndex("flat").add(packed(3))
        assert BinaryIndex("numpy").add(packed(3)).search(packed(1), 1)[0].item() == 0


class TestSave:
    @EVERY
    def test_a_loaded_index_finds_the_same_and_can_grow(self, backend, tmp_path):
        index = BinaryIndex(backend, threads=1, ef_search=30).add(packed(100))
        index.save(tmp_path / "index")
        again = BinaryIndex.load(tmp_path / "index")
        assert (again.backend, len(again), again.n_bytes) == (backend, 100, 6)
        assert again.settings == index.settings
        queries = packed(5, seed=2)
        for one, other in zip(index.search(queries, 7), again.search(queries, 7), strict=True):
            assert torch.equal(one, other)
        assert len(again.add(packed(3))) == 103

    def test_nothing_is_not_saved_and_nothing_is_not_found(self, tmp_path):
        with pytest.raises(ValueError, match="nothing to save"):
            BinaryIndex("numpy").save(tmp_path)
        with pytest.raises(FileNotFoundError, match=r"holds no saved index: index\.json"):
            BinaryIndex.load(tmp_path)

    @EVERY
    def test_a_description_of_another_index_is_refused(self, backend, tmp_path):
        BinaryIndex(backend).add(packed(5)).save(tmp_path)
        about = json.loads((tmp_path / "index.json").read_text())
        (tmp_path / "index.json").write_text(json.dumps({**about, "size": 6}))
        with pytest.raises(ValueError, match=r"describes 6 codes of 6 bytes, .* holds 5 of 6"):
            BinaryIndex.load(tmp_path)
        (tmp_path / "index.json").write_text("{")
        with pytest.raises(ValueError, match="does not describe an index"):
            BinaryIndex.load(tmp_path)

    def test_codes_that_are_gone_are_named(self, tmp_path):
        BinaryIndex("numpy").add(packed(5)).save(tmp_path)
        (tmp_path / "codes.safetensors").unlink()
        with pytest.raises(FileNotFoundError, match=r"codes\.safetensors is missing"):
            BinaryIndex.load(tmp_path)
