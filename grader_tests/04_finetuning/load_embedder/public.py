"""Public tests of load_embedder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.testing import (
    Misconception,
    Submission,
    SubmissionError,
    exercise,
    expect,
    fail,
    graded,
)
from grader_tests.shared.batch_norm import STATISTICS
from grader_tests.shared.trained_weights import PUBLIC_PHOTOS, expect_trained, weights_in

TRAINING_MODE = Misconception(
    "leaves the network in training mode",
    "In training mode batch normalisation uses the statistics of the batch, so an embedding would "
    "depend on the images beside it, and every call would change the network. Call eval() last.",
)
NO_STATISTICS = Misconception(
    "leaves the running statistics as they are in a new network",
    "Running mean and variance are buffers, not parameters: named_parameters() passes them over. "
    "load_state_dict() takes both.",
)
SOME_TENSORS = Misconception(
    "loads some of the tensors",
    "The file holds every parameter and every buffer under its name; load_state_dict() takes all.",
)
NEW_NETWORK = Misconception(
    "returns a network with new weights",
    "Reading the file gives tensors. They have to get into the network: load_state_dict().",
)
TENSORS_ALONE = Misconception(
    "returns the tensors, not a network",
    "A file of weights holds no network. Build an Embedder(), give it the tensors, and return it.",
)
REPORT_OF_KEYS = Misconception(
    "returns what load_state_dict() says",
    "load_state_dict() changes the network in place and returns a report on the names, which is "
    "empty here. Keep the network in a variable, and return that.",
)
BACKBONE_ALONE = Misconception(
    "returns the backbone alone",
    "An embedder is backbone, pooling and normalisation; search needs vectors of length 1.",
)
OTHER_PRECISION = Misconception(
    "changes the precision of the weights",
    "The file holds float32, and the network should have it: bfloat16 has eight bits.",
)
OTHER_FILE = Misconception(
    "does not read the file that it is given",
    "Open `path`, whatever file that is: the checks hand over files of their own.",
)
TAKES_ANYTHING = Misconception(
    "takes a file that does not fit",
    "A network that is half loaded still gives embeddings, only bad ones, and nobody is told. Let "
    "load_state_dict() be strict, which it is by itself.",
)


def loaded(submission: Submission, seed: int, change: str = "", **options: Any) -> dict[str, Any]:
    """What the answer makes of a file of random weights."""
    try:
        return submission.probe("weights_file", seed, change, **options)
    except SubmissionError as error:
        if "FileNotFoundError" in error.types:
            fail(f"the file that was given was not found: {error}.", misconception=OTHER_FILE)
        raise


def expect_network(seen: Mapping[str, Any]) -> None:
    """Fail unless an Embedder came back, with all tensors of the file."""
    returned = seen["returned"]
    expect(
        seen.get("is an Embedder", False),
        f"an Embedder should come back; it is a {returned}.",
        misconception={
            "dict": TENSORS_ALONE,
            "_IncompatibleKeys": REPORT_OF_KEYS,
            "SmallResNet": BACKBONE_ALONE,
        }.get(returned),
    )
    others = set(seen["other than in the file"])
    statistics = {name for name in others if name.rpartition(".")[2] in STATISTICS}
    precision = seen["dtypes"] != ["torch.float32"]
    mistake = NEW_NETWORK if len(others) > 40 else NO_STATISTICS
    mistake = SOME_TENSORS if others - statistics and len(others) <= 40 else mistake
    expect(
        not others and not precision,
        f"every tensor should be the file's; {len(others)} are not, such as "
        f"{', '.join(sorted(others)[:3]) or 'none'} (parameters are {', '.join(seen['dtypes'])}).",
        misconception=OTHER_PRECISION if precision else mistake,
    )


@exercise(
    "load_embedder",
    object="course_lib.networks.weights.load_embedder",
    title="The network that you trained, from its file",
    difficulty=2,
    minutes=10,
    hints=(
        "A file of weights is a dictionary of tensors. What has to be there before they can be "
        "loaded?",
        "safetensors.torch.load_file(path) gives the dictionary; a module's load_state_dict() "
        "takes it.",
        "Embeddings are computed in evaluation mode, and load_state_dict() does not change the "
        "mode.",
    ),
    artifact="weights/04_embedder.safetensors",
)
class TestLoadEmbedder:
    """A network comes back from a file; and the file that is handed in holds a trained one."""

    @graded(4, "every tensor of the file is in the network")
    def test_all_tensors(self, submission: Submission) -> None:
        for seed, as_text in ((1, False), (2, True)):
            expect_network(loaded(submission, seed, as_text=as_text))

    @graded(
        2,
        "evaluation mode, and the embeddings of the network in the file",
        after="test_all_tensors",
    )
    def test_ready(self, submission: Submission) -> None:
        seen = loaded(submission, 3)
        woken = seen["in training mode"]
        expect(
            not woken,
            f"the network should be in evaluation mode; in training mode: {', '.join(woken[:4])}.",
            misconception=TRAINING_MODE,
        )
        difference = seen["embeddings differ by"]
        expect(
            difference is not None and difference < 1e-5,
            f"three images should get the embeddings of the network in the file; they differ by "
            f"{difference}.",
        )
        expect(seen["file is as it was"], "the file should stay as it is.")

    @graded(2, "a file of another network is refused", after="test_all_tensors")
    def test_refuses(self, submission: Submission) -> None:
        for change in ("a name is missing", "a name is unknown", "a shape is another"):
            seen = loaded(submission, 4, change)
            expect(
                "raised" in seen,
                f"where {change} in the file, an error should be raised; the answer returned "
                f"{seen.get('returned')}.",
                misconception=TAKES_ANYTHING,
            )

    @graded(2, "the weights that you hand in are an embedder's", after="test_all_tensors")
    def test_handed_in(self, submission: Submission) -> None:
        weights_in(submission.artifact)

    @graded(4, "they tell unseen species apart on new photos", after="test_handed_in")
    def test_new_photos(self, submission: Submission) -> None:
        expect_trained(submission, PUBLIC_PHOTOS)
