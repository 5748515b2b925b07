"""Evaluation sets: what is written is read, and nothing but plain data is."""

import collections
import os
import pickle
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.datasets import DatasetError, ImageCollection
from course_lib.evaluation_sets import Entry, EvaluationSet

QUERY = (Entry("images/a/1.png", 3), Entry("images/b/1.png", 5))
RETRIEVAL = (Entry("images/a/2.png", 3), Entry("images/c/1.png", 8))


def file_of(tmp_path: Path, content: object, protocol: int = 4) -> Path:
    path = tmp_path / "set.pickle"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


def test_a_set_that_was_written_is_read_back_and_gives_the_same_bytes(tmp_path):
    paths = tmp_path / "one.pickle", tmp_path / "two.pickle"
    EvaluationSet(QUERY, RETRIEVAL).write(paths[0])
    again = EvaluationSet.read(paths[0])
    again.write(paths[1])
    assert again == EvaluationSet(QUERY, RETRIEVAL)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert pickle.loads(paths[0].read_bytes())["query"][0] == ("images/a/1.png", 3)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_both_forms_of_the_course_are_read_in_every_protocol(tmp_path, protocol):
    forms = (
        {"query": list(QUERY[:1]), "retrieval": [["images/a/2.png", 3], ["images/c/1.png", 8]]},
        {"query": dict(QUERY[:1]), "retrieval": dict(RETRIEVAL)},
    )
    for form in forms:
        plain = {part: type(v)(map(tuple, v)) if isinstance(v, list) else v for part, v in form.items()}
        found = EvaluationSet.read(file_of(tmp_path, plain, protocol))
        assert found == EvaluationSet(QUERY[:1], RETRIEVAL)


def test_queries_without_a_partner_are_counted():
    assert EvaluationSet(QUERY, RETRIEVAL).unanswerable == 1


class Runs:
    """A pickle that runs a command when it is read."""

    def __reduce__(self):
        return os.mkdir, ("opened",)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (Runs(), r"posix\.mkdir|nt\.mkdir"),
        (np.int64(3), r"numpy\._core\.multiarray\.scalar"),
        (collections.OrderedDict(), r"collections\.OrderedDict"),
        (PurePosixPath("a"), r"pathlib.*PurePosixPath"),
        (0.5, "a float"),
        (True, "a bool"),
        (None, "None"),
        (b"raw", "bytes|_codecs.encode"),
        ({1, 2}, "a set|builtins.set|__builtin__.set"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_anything_but_plain_data_is_refused_by_name_and_not_built(
    tmp_path, monkeypatch, found, name, protocol
):
    monkeypatch.chdir(tmp_path)
    path = file_of(tmp_path, {"query": [("images/a.png", found)], "retrieval": []}, protocol)
    with pytest.raises(DatasetError, match=rf"set\.pickle cannot be read: it holds ({name})"):
        EvaluationSet.read(path)
    assert not Path("opened").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no pickle at all", b"<html></html>", b"\x80\x04", b"\x80\x04]\x94(a.", b"]q\x01]s."],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "set.pickle"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"set\.pickle cannot be read: it is .*(no|damaged)"):
        EvaluationSet.read(path)


def test_a_pickle_that_asks_for_all_memory_is_refused(tmp_path):
    path = tmp_path / "set.pickle"
    path.write_bytes(b"\x80\x02]r\xff\xff\xff\xff.")
    with pytest.raises(DatasetError, match="far too much memory"):
        EvaluationSet.read(path)


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_but_make_a_set_or_an_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.pickle"
    path.write_bytes(pickle.dumps({"query": []}, protocol=2)[:-1] + content)
    with pytest.raises(DatasetError):
        EvaluationSet.read(path)


def test_a_file_that_is_missing_is_told_with_the_remedy(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.pickle is missing: .*evaluation-sets"):
        EvaluationSet.read(tmp_path / "none.pickle")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], 'must hold a dict of "query" and "retrieval", not a list'),
        ({"query": []}, r"not a dict of \['query'\]"),
        ({"query": 3, "retrieval": []}, r'"query" must be a list of \(path, label\), not a int'),
        ({"query": ["a.png"], "retrieval": []}, r'entry 0 of "query" must be .*, not a str'),
        ({"query": [(3, "a.png")], "retrieval": []}, r"not a tuple of \['int', 'str'\]"),
        ({"query": [], "retrieval": [("a.png", 1)]}, '"query" is empty'),
        ({"query": [("a.png", 1)], "retrieval": [("a.png", 1)]}, r'"retrieval" has a\.png twice'),
        ({"query": [("a.png", 1)] * 2, "retrieval": [("b.png", 1)]}, r'"query" has a\.png twice'),
        ({"query": [("a.png", 1)], "retrieval": [("b.png", "1")]}, "some labels are integers and"),
        ({"query": [("a.png", 2**70)], "retrieval": [("b.png", 1)]}, "more than 64 bits"),
    ],
)
def test_a_file_of_another_form_is_told_what_is_wrong(tmp_path, content, message):
    with pytest.raises(DatasetError, match=message):
        EvaluationSet.read(file_of(tmp_path, content))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../a.png", "a/../../b.png", "C:/a.png", "..\\a.png", "", "a//b.png", "./a"]
)
def test_a_path_that_leads_outside_is_refused(tmp_path, path):
    content = {"query": [(path, 1)], "retrieval": [("b.png", 1)]}
    with pytest.raises(DatasetError, match="must be relative to the folder of the data set"):
        EvaluationSet.read(file_of(tmp_path, content))


def test_the_images_come_with_one_numbering_of_products(tmp_path, save_image):
    for entry in QUERY + RETRIEVAL:
        save_image(tmp_path / entry.path)
    query, retrieval = EvaluationSet(QUERY, RETRIEVAL).collections(tmp_path)
    assert query.product_ids.tolist() == [3, 5]
    assert retrieval.product_ids.tolist() == [3, 8]
    assert retrieval.image(1).size == (6, 6)


def test_labels_that_are_strings_are_numbered_in_their_order(tmp_path, save_image):
    named = [tuple(Entry(path, f"p{label}") for path, label in part) for part in (QUERY, RETRIEVAL)]
    for entry in QUERY + RETRIEVAL:
        save_image(tmp_path / entry.path)
    query, retrieval = EvaluationSet(*named).collections(tmp_path)
    assert (query.product_ids.tolist(), retrieval.product_ids.tolist()) == ([0, 1], [0, 2])
    assert query.product_names == {0: "p3", 1: "p5", 2: "p8"}


def test_an_image_that_is_missing_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"1\.png is missing: name the folder of the data set"):
        EvaluationSet(QUERY, RETRIEVAL).collections(tmp_path)


def test_selected_images_keep_what_their_collection_knows(tmp_path):
    names = [*(entry.path for entry in (*RETRIEVAL, *QUERY)), "images/d/1.png"]
    collection = ImageCollection(
        sources=tuple(tmp_path / name for name in names),
        product_ids=np.array([13, 18, 13, 15, 14]),
        category_ids=np.array([1, 2, 1, 2, 2]),
        split=np.full(5, "test"),
        boxes=np.arange(20, dtype=np.float32).reshape(5, 4),
    )
    query, retrieval = EvaluationSet(QUERY, RETRIEVAL).select(collection, tmp_path)
    assert query.product_ids.tolist() == [13, 15]
    assert retrieval.product_ids.tolist() == [13, 18]
    assert query.category_ids.tolist() == [1, 2]
    assert query.boxes[:, 0].tolist() == [8, 12]


def test_an_image_that_the_collection_lacks_is_named(tmp_path):
    collection = ImageCollection(
        sources=(tmp_path / "images/a/1.png",),
        product_ids=np.array([1]),
        category_ids=np.array([1]),
        split=np.array(["test"]),
    )
    with pytest.raises(DatasetError, match="images/b/1.png, which is no image of the collection"):
        EvaluationSet(QUERY, RETRIEVAL).select(collection, tmp_path)
