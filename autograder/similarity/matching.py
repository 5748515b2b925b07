"""Compares answers by fingerprints of their tokens.

copydetect (MIT) turns code into tokens without names, layout and comments, so that renaming makes
no difference. It then finds the passages of K or more characters that two answers share, wherever
the passages are (Schleimer, Wilkerson and Aiken, "Winnowing", SIGMOD 2003). We keep every
fingerprint instead of a sample: answers are short, and the sample would differ from run to run.
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

K = 16  # fewest characters of a shared passage, after each name is made one letter
FEWEST_COMMON = 3  # a passage is ordinary if more than 3 students and a third of all wrote it


@dataclass(frozen=True)
class Match:
    """The passages that two answers to one exercise share.

    Attributes:
        exercise: id of the exercise.
        matched: number of characters that the answers share, after each name is made one letter.
        own: number of characters of the shorter answer that are its author's own.
        fingerprints: fingerprints of the two answers.
    """

    exercise: str
    matched: int
    own: int
    fingerprints: tuple[CodeFingerprint, CodeFingerprint]

    @property
    def marked(self) -> tuple[Markup, Markup]:
        """The two answers as escaped HTML, with the shared passages in `<mark>`."""
        _, _, slices = compare_files(*self.fingerprints)
        left, right = map(_marked, self.fingerprints, slices)
        return left, right

    @property
    def share(self) -> float:
        """The share of the author's own characters that match, from 0 to 1."""
        return min(self.matched / self.own, 1.0) if self.own else 0.0


@dataclass(frozen=True)
class Pair:
    """Two students whose answers share passages.

    Attributes:
        students: ids of the two students.
        matches: a match for each exercise with a shared passage, the largest first.
        own: number of the author's own characters, summed over the shorter answer to each exercise.
    """

    students: tuple[str, str]
    matches: tuple[Match, ...]
    own: int

    @property
    def matched(self) -> int:
        """Number of characters that the answers to all exercises share."""
        return sum(match.matched for match in self.matches)

    @property
    def share(self) -> float:
        """The share of the authors' own characters that match, from 0 to 1."""
        return min(self.matched / self.own, 1.0) if self.own else 0.0


def similar_pairs(
    answers: Mapping[str, Mapping[str, str]], known: Mapping[str, Iterable[str]]
) -> list[Pair]:
    """Return the pairs of students whose answers share passages, largest matches first.

    Passages of the known texts, and passages that much of the class wrote, do not count.

    Args:
        answers: sources of the answers, by student, then by exercise.
        known: by exercise, texts that everybody may share: the handout and the reference.
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
    """Return the hashes that too many answers share to tell anything."""
    found = list(fingerprints)
    counts = Counter(h for fingerprint in found for h in fingerprint.hashes)
    return {h for h, count in counts.items() if count > max(FEWEST_COMMON, len(found) / 3)}


def _discount(fingerprint: CodeFingerprint, shared: set[int]) -> None:
    """Remove shared hashes from a fingerprint, so that only the student's own are left.

    copydetect itself would remove only one occurrence of a hash.
    """
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
