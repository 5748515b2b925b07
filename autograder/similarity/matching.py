"""Compares answers by fingerprints of their tokens.

copydetect (MIT) turns code into tokens without names, layout and comments, so that renaming does
not matter, and finds the passages of K or more characters that two answers share wherever they
stand (Schleimer, Wilkerson and Aiken, "Winnowing", SIGMOD 2003). We keep every fingerprint instead
of a sample: answers are short, and the sample would differ from run to run.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from copydetect import CodeFingerprint, compare_files
from copydetect.utils import get_token_coverage, highlight_overlap
from markupsafe import Markup

K = 16  # characters of a shared passage, after names are made one letter
FEWEST_COMMON = 3  # a passage that more students than this, and a third of all, wrote is ordinary


@dataclass(frozen=True)
class Match:
    """What two answers to one exercise share.

    Attributes:
        exercise: its id.
        matched: characters, after names are made one letter, that the answers share.
        own: characters of the shorter answer that are its author's own.
        fingerprints: of the two answers.
    """

    exercise: str
    matched: int
    own: int
    fingerprints: tuple[CodeFingerprint, CodeFingerprint]

    @property
    def marked(self) -> tuple[Markup, Markup]:
        """The two answers, escaped, with what they share in `<mark>`."""
        _, _, slices = compare_files(*self.fingerprints)
        left, right = map(_marked, self.fingerprints, slices)
        return left, right

    @property
    def share(self) -> float:
        """Matched of own, from 0 to 1."""
        return min(self.matched / self.own, 1.0) if self.own else 0.0


@dataclass(frozen=True)
class Pair:
    """Two students, and what their answers share.

    Attributes:
        students: their ids.
        matches: by exercise, those with a shared passage, the longest first.
        own: own characters of the shorter answers to all exercises.
    """

    students: tuple[str, str]
    matches: tuple[Match, ...]
    own: int

    @property
    def matched(self) -> int:
        """Characters shared in all exercises."""
        return sum(match.matched for match in self.matches)

    @property
    def share(self) -> float:
        """Matched of own, from 0 to 1."""
        return min(self.matched / self.own, 1.0) if self.own else 0.0


def similar_pairs(
    answers: Mapping[str, Mapping[str, str]], known: Mapping[str, Iterable[str]]
) -> list[Pair]:
    """Pairs of students whose answers share passages, the most first.

    Args:
        answers: student -> exercise -> source of the answer.
        known: exercise -> texts that everybody may share: the handout and the reference.

    Passages of the known texts, and those that much of the class wrote, do not count.
    """
    prints: dict[str, dict[str, CodeFingerprint]] = {student: {} for student in answers}
    for exercise in sorted({id for given in answers.values() for id in given}):
        found = {who: _fingerprint(given[exercise]) for who, given in sorted(answers.items())
                 if exercise in given}  # fmt: skip
        shared = {h for text in known.get(exercise, ()) for h in _fingerprint(text).hashes}
        shared |= _ordinary(found.values())
        for student, fingerprint in found.items():
            _discount(fingerprint, shared)
            prints[student][exercise] = fingerprint
    pairs = (_pair(left, right, prints) for left, right in combinations(sorted(prints), 2))
    return sorted(
        (pair for pair in pairs if pair.matches),
        key=lambda pair: (-pair.matched, -pair.share, pair.students),
    )


def _fingerprint(source: str) -> CodeFingerprint:
    return CodeFingerprint("answer.py", K, 1, fp=io.StringIO(source), language="python")


def _ordinary(fingerprints: Iterable[CodeFingerprint]) -> set[int]:
    """Fingerprints that so much of the class has that they tell nothing."""
    found = list(fingerprints)
    counts = Counter(h for fingerprint in found for h in fingerprint.hashes)
    return {h for h, count in counts.items() if count > max(FEWEST_COMMON, len(found) / 3)}


def _discount(fingerprint: CodeFingerprint, shared: set[int]) -> None:
    """Leave the student's own. (copydetect's own way drops a fingerprint once, not everywhere.)"""
    fingerprint.hashes -= shared
    kept = {h: places for h, places in fingerprint.hash_idx.items() if h not in shared}
    fingerprint.hash_idx = kept
    fingerprint.token_coverage = get_token_coverage(kept, K, len(fingerprint.filtered_code))


def _pair(left: str, right: str, prints: Mapping[str, Mapping[str, CodeFingerprint]]) -> Pair:
    both = sorted(prints[left].keys() & prints[right].keys())
    own = sum(_own(prints[left][id], prints[right][id]) for id in both)
    matches = [match for id in both for match in _match(id, prints[left][id], prints[right][id])]
    return Pair((left, right), tuple(sorted(matches, key=lambda m: -m.matched)), own)


def _own(left: CodeFingerprint, right: CodeFingerprint) -> int:
    return int(min(left.token_coverage, right.token_coverage))


def _match(id: str, left: CodeFingerprint, right: CodeFingerprint) -> Iterator[Match]:
    if left.hashes.isdisjoint(right.hashes):
        return
    _, shares, _ = compare_files(left, right)
    matched = min(shares[0] * left.token_coverage, shares[1] * right.token_coverage)
    yield Match(id, round(matched), _own(left, right), (left, right))


def _marked(fingerprint: CodeFingerprint, slices: Any) -> Markup:
    text, _ = highlight_overlap(fingerprint.raw_code, slices, "<mark>", "</mark>", escape_html=True)
    return Markup(text)
