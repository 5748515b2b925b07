"""Public tests of lsh."""

from __future__ import annotations

import math

import torch

from autograder.testing import (
    Misconception,
    Remote,
    Submission,
    exercise,
    expect,
    expect_close,
    graded,
)
from grader_tests.shared.lsh import MANY, expect_shares, fitted, shares, transformed

CUBE = Misconception(
    "draws directions of which some are likelier than others",
    "Random numbers between -1 and 1, or random signs, fill a cube, and a cube reaches farther "
    "along its diagonals. Normally distributed coordinates prefer no direction: torch.randn.",
)
ONE_CORNER = Misconception(
    "draws directions that all point into one corner",
    "torch.rand gives numbers from 0 to 1, so that no direction has a negative coordinate. "
    "torch.randn gives both signs, and prefers no direction.",
)
SAME_BITS = Misconception(
    "repeats bits",
    "Each bit has a hyperplane of its own: n_bits columns of directions, each drawn anew. There "
    "may be more of them than the features have dimensions.",
)
SEED_UNUSED = Misconception(
    "does not draw by its seed",
    "Hand a generator to torch.randn: generator=torch.Generator().manual_seed(self.seed).",
)
OWN_MEAN = Misconception(
    "centres with the mean of what it is given",
    "Codes of the database and of a query must be of one kind: both take off the mean that fit "
    "saw. A single row less its own mean would be 0.",
)
UNCENTRED = Misconception(
    "does not centre the features",
    "The hyperplanes go through the mean of the features. Through 0, which may be far from all of "
    "them, they would leave all on one side.",
)
CENTRED_TWICE = Misconception(
    "takes the mean off twice",
    "What _project is given is centred already: transform has taken the mean off. Taken off once "
    "more, the hyperplanes go through twice the mean.",
)
OFFSET = Misconception(
    "moves the hyperplanes away from the mean",
    "They go through the mean: a product with the directions, and nothing added to it.",
)


def off_centre(hasher: Remote, features: torch.Tensor, n_bits: int) -> Misconception | None:
    """Why hyperplanes do not go through the mean, if the point that they do go through tells.

    Two rows on opposite sides of that point, equally far, differ in every bit.
    """
    draw = torch.Generator().manual_seed(8)
    step = torch.randn(1, features.shape[1], generator=draw, dtype=torch.float64)
    for times, mistake in ((0, UNCENTRED), (2, CENTRED_TWICE)):
        centre = times * features.double().mean(dim=0)
        pair = torch.cat([centre + step, centre - step]).to(features.dtype)
        one, other = transformed(hasher, pair, n_bits)
        if torch.equal(one, -other):
            return mistake
    return None


def opposite_pairs(*pairs: torch.Tensor) -> torch.Tensor:
    """Rows of pairs, and the same turned round, so that the mean of all is 0."""
    rows = torch.cat(pairs)
    return torch.cat([rows, -rows])


def pair_at(angle: float, first: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Two vectors at an angle: the first, and it turned towards the other, which is orthogonal."""
    return torch.stack([first, math.cos(angle) * first + math.sin(angle) * other])


@exercise(
    "lsh",
    object="course_lib.hashing.baselines.LSH",
    title="Codes by random hyperplanes",
    difficulty=2,
    minutes=15,
    hints=(
        "What Hasher does for you: self._centre(features) keeps the mean and takes it off, and "
        "transform takes the sides of what _project returns. What is left is one matrix.",
        "Each column of a (D, n_bits) matrix is the normal of a hyperplane; the product of a row "
        "with it is positive on one side and negative on the other. All directions are equally "
        "likely when every entry is normally distributed.",
        "fit: centre, draw torch.randn(D, self.n_bits, generator=...) with a generator seeded "
        "with self.seed, keep it as self.directions_ in the features' dtype, return self. "
        "_project: centred @ self.directions_.",
    ),
)
class TestLSH:
    """The sides of random hyperplanes through the mean."""

    @graded(1, "a code of n_bits for each row, each bit from a hyperplane of its own")
    def test_codes(self, submission: Submission) -> None:
        # More bits than dimensions. Two of 40 hyperplanes divide 400 points alike with
        # probability below 1e-15.
        features = torch.randn(400, 16, generator=torch.Generator().manual_seed(8)) + 2
        hasher = fitted(submission, features, n_bits=40)
        codes = transformed(hasher, features, 40)
        constant = int((codes == codes[0]).all(dim=0).sum())
        expect(
            constant == 0,
            "each bit should be -1 for some of 400 features and +1 for others; "
            f"{constant} of 40 bits are the same for all.",
            misconception=off_centre(hasher, features, 40) if constant < 40 else None,
            help="No bit tells one row from another.",
        )
        alike = (codes.T @ codes).abs() == 400
        expect(
            int(alike.sum()) == 40,
            "no two of 40 bits should be the same, or opposite, for all of 400 features; "
            f"{int((alike.sum(dim=1) > 1).sum())} have such a twin.",
            misconception=SAME_BITS,
        )

    @graded(1, "equal seeds give equal codes, other seeds other codes", after="test_codes")
    def test_seed(self, submission: Submission) -> None:
        features = torch.randn(50, 6, generator=torch.Generator().manual_seed(8))
        three = fitted(submission, features, n_bits=32, seed=3)
        codes = transformed(three, features, 32)
        expect(
            torch.equal(transformed(three, features, 32), codes),
            "transform should give the same codes each time; the second time it gives others.",
            misconception=Misconception(
                "draws in transform",
                "The hyperplanes are drawn once, in fit, and kept: codes of different hyperplanes "
                "cannot be compared.",
            ),
        )
        submission.seed(5)  # the global generators: the hyperplanes should not care
        again = transformed(fitted(submission, features, n_bits=32, seed=3), features, 32)
        expect(
            torch.equal(again, codes),
            "two hashers with seed=3 should give equal codes; they give different ones.",
            misconception=SEED_UNUSED,
        )
        other = transformed(fitted(submission, features, n_bits=32, seed=4), features, 32)
        expect(
            not torch.equal(other, codes),
            "hashers with seed=3 and seed=4 should give different codes; they give the same.",
            misconception=SEED_UNUSED,
        )

    @graded(2, "two vectors at an angle θ agree in a share 1 - θ/π of the bits",
            after="test_codes")  # fmt: skip
    def test_angles(self, submission: Submission) -> None:
        angles = (0.3, 1.0, math.pi / 2, 2.5)
        drawn = torch.randn(32, 2, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
        drawn[:, 0] += 1  # so that directions in one corner would show
        first, other = torch.linalg.qr(drawn).Q.T
        features = opposite_pairs(*(pair_at(angle, first, other) for angle in angles)).float()
        codes = transformed(fitted(submission, features, n_bits=MANY), features, MANY)
        directions = torch.rand(32, MANY, generator=torch.Generator().manual_seed(8))
        expect_shares(
            shares(codes),
            angles,
            "in 32 dimensions",
            misconceptions=[(shares(features @ directions >= 0), ONE_CORNER)],
        )

    @graded(1, "every direction is equally likely", after="test_angles")
    def test_directions(self, submission: Submission) -> None:
        # In the plane a direction shows: eight pairs, turned by an eighth of a half circle each.
        turns = torch.arange(8, dtype=torch.float64) * math.pi / 8
        circle = torch.stack([turns.cos(), turns.sin()], dim=1)
        normals = torch.stack([-turns.sin(), turns.cos()], dim=1)
        pairs = (pair_at(0.5, a, b) for a, b in zip(circle, normals, strict=True))
        features = opposite_pairs(*pairs).float()
        codes = transformed(fitted(submission, features, n_bits=MANY), features, MANY)
        expect_shares(shares(codes), [0.5] * 8, "in the plane", help=CUBE)

    @graded(1, "the hyperplanes go through the mean that fit saw", after="test_codes")
    def test_mean(self, submission: Submission) -> None:
        # Whole numbers, and a mean of whole 64ths: moving and doubling them is exact.
        features = torch.arange(64 * 5, dtype=torch.float64).view(64, 5) * 7919 % 211
        hasher = fitted(submission, features, n_bits=60)
        codes = transformed(hasher, features, 60)
        for rows, some in (("a row", features[:1]), ("seven rows", features[:7])):
            expect(
                torch.equal(transformed(hasher, some, 60), codes[: len(some)]),
                f"{rows} of 64, alone, should have the codes that they have among the others; the "
                "codes are different.",
                misconception=OWN_MEAN,
            )
        for change, moved in (
            ("1000 is added to all features", features + 1000),
            ("all features are doubled", features * 2),
        ):
            hasher = fitted(submission, moved, n_bits=60)
            same = torch.equal(transformed(hasher, moved, 60), codes)
            expect(
                same,
                f"the codes should stay the same when {change}, in fit and in transform; they "
                "change.",
                misconception=None if same else off_centre(hasher, moved, 60) or OFFSET,
            )

    @graded(1, "global random generators stay as they are", after="test_codes")
    def test_global_generators(self, submission: Submission) -> None:
        features = torch.randn(30, 5, generator=torch.Generator().manual_seed(8))
        steps = [("fit", (features,)), ("transform", (features,))]
        codes = transformed(fitted(submission, features, n_bits=24, seed=7), features, 24)
        submission.seed(5)  # or the second hasher would find, and leave, what the first one left
        seen = submission.probe("global_random_state", n_bits=24, seed=7, then=steps)
        seen = seen if type(seen) is dict else {}
        expect_close(
            seen.get("value"),
            codes,
            what="the matrix of codes",
            given="a second hasher with the same seed and features",
        )
        changed = seen.get("changed")
        expect(
            changed == [],
            f"global generators should stay as they are; changed: {changed}.",
            misconception=Misconception(
                "changes a global random generator",
                "torch.manual_seed seeds the generator that everybody draws from: a data loader, "
                "dropout, the next experiment. Make one of your own: "
                "torch.Generator().manual_seed(self.seed).",
            ),
        )
