"""Hidden tests of load_embedder."""

import torch

from autograder.testing import Submission, graded, hidden_tests
from grader_tests.shared.trained_weights import expect_trained


@hidden_tests("load_embedder")
class TestLoadEmbedderHidden:
    """The weights that were handed in, on photos that nobody has seen."""

    @graded(
        6, "they tell unseen species apart on photos that nobody has seen", after="test_handed_in"
    )
    def test_secret_photos(self, submission: Submission, draw: torch.Generator) -> None:
        photo_seed = int(torch.randint(2**40, (), generator=draw))
        expect_trained(submission, photo_seed)
