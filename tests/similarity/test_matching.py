"""Copies are found under other names and in another order; one task makes nobody a copyist."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.course.solutions import reference_object
from autograder.similarity.matching import Pair, similar_pairs

COURSE = Course.find(Path(__file__))

ORIGINAL = '''
def k_nearest(queries, retrieval, k):
    """The k nearest rows."""
    best = []
    for query in queries:  # one at a time
        gaps = ((retrieval - query) ** 2).sum(dim=1)
        order = sorted(range(len(gaps)), key=lambda place: (float(gaps[place]), place))
        best.append(order[:k])
    width = min(k, len(retrieval))
    table = torch.zeros(len(queries), width, dtype=torch.int64)
    for row, places in enumerate(best):
        table[row, : len(places)] = torch.tensor(places)
    return table
'''
RENAMED = """
def k_nearest(q, db, n):
    answer = []
    for one in q:
        d = ((db - one) ** 2).sum(dim=1)
        idx = sorted(range(len(d)),
                     key=lambda i: (float(d[i]), i))
        answer.append(idx[:n])
    cols = min(n, len(db))
    out = torch.zeros(len(q), cols, dtype=torch.int64)
    for j, hits in enumerate(answer):
        # fill the row
        out[j, : len(hits)] = torch.tensor(hits)
    return out
"""
MOVED = """
def k_nearest(queries, retrieval, k):
    width = min(k, len(retrieval))
    table = torch.zeros(len(queries), width, dtype=torch.int64)
    best = []
    for query in queries:
        gaps = ((retrieval - query) ** 2).sum(dim=1)
        order = sorted(range(len(gaps)), key=lambda place: (float(gaps[place]), place))
        best.append(order[:k])
    for row, places in enumerate(best):
        table[row, : len(places)] = torch.tensor(places)
    return table
"""
HANDOUT = "def k_nearest(queries, retrieval, k):\n    raise NotDoneYet\n"


def compared(*sources: str, known: tuple[str, ...] = (HANDOUT,)) -> list[Pair]:
    """The pairs of students 0, 1, … with these answers to one exercise."""
    answers = {str(number): {"k_nearest": source} for number, source in enumerate(sources)}
    return similar_pairs(answers, {"k_nearest": known})


@pytest.mark.parametrize("copy", [RENAMED, MOVED], ids=["renamed", "moved"])
def test_a_copy_with_other_names_or_in_another_order_is_almost_all_shared(copy: str) -> None:
    [pair] = compared(ORIGINAL, copy)
    assert pair.share > 0.8
    assert all("<mark>" in text for text in pair.matches[0].marked)


@pytest.mark.parametrize("exercise", ["l2_normalize", "k_nearest", "triplet_loss"])
def test_honest_variants_never_rank_above_a_copy(exercise: str) -> None:
    sources = [answer.source for answer in COURSE.exercise(exercise).right_answers()]
    reference = reference_object(COURSE, COURSE.exercise(exercise).object).source
    for source in sources:
        copy = source.replace("torch", "t").replace("eps", "epsilon").replace("k", "kk")
        answers = {f"honest-{n}": {exercise: each} for n, each in enumerate(sources)}
        pairs = similar_pairs(answers | {"copy": {exercise: copy}}, {exercise: [reference]})
        honest = [pair for pair in pairs if "copy" not in pair.students]
        assert "copy" in pairs[0].students
        assert all(pair.matched < pairs[0].matched for pair in honest)
        assert pairs[0].share > 0.8


def test_the_handout_and_the_reference_do_not_count() -> None:
    assert compared(HANDOUT, HANDOUT) == []
    assert compared(ORIGINAL, ORIGINAL, known=(HANDOUT, ORIGINAL)) == []


def test_a_passage_that_stands_twice_in_an_answer_is_discounted_in_both_places() -> None:
    twice = ORIGINAL + ORIGINAL.replace("k_nearest", "again")
    assert compared(twice, twice, known=(twice,)) == []


def test_what_much_of_the_class_wrote_is_ordinary() -> None:
    assert len(compared(*[ORIGINAL] * 3)) == 3
    assert compared(*[ORIGINAL] * 12) == []


def test_more_in_common_comes_first() -> None:
    half = "\n".join(ORIGINAL.splitlines()[:7])
    pairs = compared(ORIGINAL, RENAMED, half)
    assert pairs[0].students == ("0", "1")
    assert pairs[0].matched > pairs[1].matched >= pairs[2].matched > 0


def test_exercises_add_up_and_the_most_alike_comes_first() -> None:
    small = "def other(x):\n    return [value * 3 + 1 for value in x if value > 7]\n"
    answers = {who: {"big": ORIGINAL, "small": small} for who in ("ann", "ben")}
    [pair] = similar_pairs(answers, {})
    assert [match.exercise for match in pair.matches] == ["big", "small"]
    assert pair.matched == sum(match.matched for match in pair.matches) == pair.own


def test_nothing_in_an_answer_becomes_markup() -> None:
    evil = ORIGINAL + "\nx = '<script>alert(1)</script>'  # </pre><img src=x>\n"
    [pair] = compared(evil, evil)
    for text in pair.matches[0].marked:
        assert "<script" not in text
        assert "<img" not in text
        assert "&lt;script&gt;" in text


@pytest.mark.parametrize("odd", ["", "def (", "\x00", "λ = '\U0001f600" * 3, "%magic\n!ls"])
def test_an_answer_that_is_no_python_is_compared_as_text_and_harms_nobody(odd: str) -> None:
    pairs = compared(ORIGINAL, RENAMED, odd)
    assert pairs[0].students == ("0", "1")


def test_the_same_class_gives_the_same_pairs_in_any_order() -> None:
    found = {
        tuple((pair.students, pair.matched) for pair in similar_pairs(dict(order), {}))
        for order in itertools.permutations(
            {"a": {"e": ORIGINAL}, "b": {"e": RENAMED}, "c": {"e": MOVED}}.items()
        )
    }
    assert len(found) == 1
