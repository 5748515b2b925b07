"""Public tests of assignment 04, fine-tuning and evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.testing.declarations import exercise, graded
from autograder.testing.errors import SubmissionError
from autograder.testing.expectations import (
    Misconception,
    expect,
    expect_close,
    expect_equal,
    expect_tensor,
    fail,
)
from autograder.testing.submission import Submission
from grader_tests.trained_weights import PUBLIC_PHOTOS, expect_trained, weights_in

# frozen batch normalisation --------------------------------------------------------------------

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
SCALE_AND_SHIFT = ("weight", "bias")
FORGOTTEN_BY_TRAIN = Misconception(
    "lets model.train() wake the layers up again",
    "train() sets the mode of every module below it, so eval() lasts until the next call of "
    "train(), and a training loop calls it once an epoch. Make train() leave these layers alone.",
)
STILL_TRAINED = Misconception(
    "freezes the statistics and goes on training scale and shift",
    "In evaluation mode a layer uses its running statistics, but its weight and bias are "
    "parameters like any others. Set requires_grad to False for them.",
)
ONLY_SCALE_AND_SHIFT = Misconception(
    "freezes scale and shift and lets the statistics go on",
    "Running mean and variance are buffers, no parameters: requires_grad does nothing to them. "
    "They are updated by every forward pass in training mode.",
)
ONE_KIND_OR_LEVEL = Misconception(
    "freezes some of the batch normalisations and misses others",
    "model.modules() walks through all of a network, at any depth; children() shows one level. "
    "And batch normalisation has several classes, which share a base class.",
)
EVERYTHING_FROZEN = Misconception(
    "freezes layers that are no batch normalisation",
    "All convolutions and fully connected layers shall be fine-tuned. Change the mode and the "
    "parameters of the batch normalisations only.",
)
ALL_IN_EVALUATION = Misconception(
    "keeps the whole network in evaluation mode",
    "model.train() should still reach every other layer: a dropout, for one, works in training "
    "mode only.",
)
STATISTICS_OF_THE_BATCH = Misconception(
    "still normalises by the statistics of the batch",
    "That nothing is written into the running statistics is half of it: the layer must also use "
    "them. In evaluation mode it does both.",
)


def expect_unchanged(
    seen: Mapping[str, Any], endings: Iterable[str], what: str, misconception: Misconception
) -> None:
    """Fail when training changed a tensor of a batch normalisation with one of these endings."""
    names = [n for n in seen["batch normalisation"] if n.rpartition(".")[2] in endings]
    changed = [name for name in names if name in seen["changed by training"]]
    expect(
        not changed,
        f"{what} should stay as they were before training. Three steps later some have changed: "
        f"{len(changed)} of {len(names)}, such as {', '.join(changed[:3])}.",
        misconception=ONE_KIND_OR_LEVEL if len(changed) < len(names) else misconception,
    )


def expect_frozen_statistics(seen: Mapping[str, Any]) -> None:
    """Fail when training changed running statistics."""
    woken = seen["in evaluation mode after the call"]
    mistake = FORGOTTEN_BY_TRAIN if woken else ONLY_SCALE_AND_SHIFT
    expect_unchanged(seen, STATISTICS, "Running mean and variance", mistake)


def expect_frozen_scale_and_shift(seen: Mapping[str, Any]) -> None:
    """Fail when training changed scale or shift."""
    expect_unchanged(seen, SCALE_AND_SHIFT, "Scale and shift", STILL_TRAINED)


def expect_others_trained(seen: Mapping[str, Any]) -> None:
    """Fail when a tensor that is no part of a batch normalisation did not change."""
    others = set(seen["tensors"]) - set(seen["batch normalisation"])
    still = sorted(others - set(seen["changed by training"]))
    expect(
        not still,
        f"All other layers should be trained. After three steps these are what they were: "
        f"{', '.join(still)}.",
        misconception=EVERYTHING_FROZEN,
    )


@exercise(
    "freeze_batch_norm",
    object="course_lib.networks.batch_norm.freeze_batch_norm",
    title="Freeze batch normalisation, and nothing else",
    points=10,
    difficulty=2,
    minutes=15,
    hints=(
        "Two things change during training, in two ways: running mean and variance by the forward "
        "pass in training mode, scale and shift by the optimiser. You need an answer to each.",
        "Walk through model.modules() and pick the batch normalisations by their base class "
        "_BatchNorm. module.eval() and module.requires_grad_(False) freeze one, until somebody "
        "calls model.train().",
        "model.train() calls module.train(mode) of every layer. An attribute of the object wins "
        "over the method of its class: give module.train a function that takes a mode and does "
        "nothing but return the module. (In a loop, mind which module the function remembers.)",
    ),
)
class TestFreezeBatchNorm:
    """A pretrained network is frozen, put into training mode, and trained."""

    @graded(2, "running mean and variance stay what they are, also after model.train()")
    def test_statistics(self, submission):
        expect_frozen_statistics(submission.probe("frozen_batch_norm"))

    @graded(2, "scale and shift are not trained, and no weight decay shrinks them")
    def test_scale_and_shift(self, submission):
        expect_frozen_scale_and_shift(submission.probe("frozen_batch_norm"))

    @graded(1, "a photo's output does not depend on the others in its batch")
    def test_batch_mates(self, submission):
        difference = submission.probe("frozen_batch_norm")["difference that batch mates make"]
        expect(
            type(difference) is float and difference < 1e-4,
            "In training mode the features of an image should be the same alone and in a batch of "
            f"8; they differ by {difference}.",
            misconception=STATISTICS_OF_THE_BATCH,
        )

    @graded(2, "every other layer is trained, and in training mode", after="test_statistics")
    def test_others(self, submission):
        seen = submission.probe("frozen_batch_norm")
        expect_others_trained(seen)
        expect(
            {"", "stem", "block", "dropout", "head"} <= set(seen["in training mode"]),
            "After model.train() the model, its convolutions, its dropout and its last layer "
            f"should be in training mode; in training mode are {seen['in training mode']}.",
            misconception=ALL_IN_EVALUATION,
        )


# one step of training --------------------------------------------------------------------------

# Six images of three products, as directions in the plane. Every anchor-positive pair has one
# semi-hard negative at most, so nothing is left to chance.
DIRECTIONS = torch.deg2rad(
    torch.tensor([180.0, 110.0, 330.0, 100.0, 340.0, 130.0], dtype=torch.float64)
)
PRODUCTS = torch.tensor([5, 2, 5, 2, 8, 8])
IMAGES = torch.stack(
    [DIRECTIONS.cos(), DIRECTIONS.sin(), torch.full((6,), 0.5, dtype=torch.float64)], dim=1
)[:, :, None, None]
TRIPLETS = {
    0.2: [(0, 2, 4), (1, 3, 5), (2, 0, 5), (4, 5, 0), (5, 4, 2)],
    0.3: [(0, 2, 4), (1, 3, 5), (2, 0, 5), (3, 1, 5), (4, 5, 0), (5, 4, 2)],
}
RATE = 0.5

NO_BACKWARD = Misconception(
    "does not let the gradient through to the weights",
    "detach() is for the miner's distances only. The loss is computed from the embeddings as the "
    "model returned them, with their history.",
)
NOTHING_MOVES = Misconception(
    "computes a loss and moves nothing",
    "backward() writes gradients, and optimizer.step() applies them. zero_grad() between the two "
    "takes them away again.",
)
UPHILL = Misconception(
    "moves the weights the wrong way",
    "optimizer.step() goes against the gradient by itself: hand it the loss as it is.",
)
SUM_OF_TRIPLETS = Misconception(
    "takes the sum of the triplets' losses",
    "The mean is asked, the default of triplet_loss: a batch with more triplets must not take a "
    "larger step.",
)
ACCUMULATES = Misconception(
    "adds the gradients of earlier batches",
    "backward() adds to what is there. Call optimizer.zero_grad() before it.",
)
MINER_WITHOUT_MARGIN = Misconception(
    "mines with another margin, or from distances that are not squared",
    "Miner and loss have one margin, and both look at squared distances: what the miner takes for "
    "semi-hard must be what costs something.",
)
LOSS_WITHOUT_MARGIN = Misconception(
    "does not hand the margin to the loss",
    "Miner and loss have one margin: what the miner takes for semi-hard, the loss must see as "
    "costing something.",
)
MOVES_WITHOUT_TRIPLETS = Misconception(
    "takes a step although there was no triplet",
    "A gradient of zero is not nothing: Adam, and SGD with momentum, go on in the direction of the "
    "steps before. Leave out backward() and step().",
)
CHANGES_THE_MODE = Misconception(
    "changes the mode of the model",
    "Whoever calls the step has chosen the modes, and model.train() in here would wake up "
    "what they have put into evaluation mode.",
)
ONLY_SOME_LAYERS = Misconception(
    "trains some of the layers only",
    "Every weight that the optimiser holds takes part. Hand all of the model's weights the "
    "gradient, the first convolution's as well.",
)


def take_steps(submission: Any, batches: list[tuple[Tensor, Tensor]], **options: Any) -> Any:
    """What the probe "training_steps" saw; names the mistake when there was no graph."""
    try:
        return submission.probe("training_steps", batches, **options)
    except SubmissionError as error:
        if "does not require grad" in error.message:
            fail(f"backward() failed: {error.message}.", misconception=NO_BACKWARD)
        raise


def mean_loss(embeddings: Tensor, margin: float, loss_margin: float | None = None) -> Tensor:
    """Mean loss of the batch's own triplets, by the formula."""
    a, p, n = torch.tensor(TRIPLETS[margin]).T
    near = (embeddings[a] - embeddings[p]).square().sum(dim=1)
    far = (embeddings[a] - embeddings[n]).square().sum(dim=1)
    return (near - far + (loss_margin or margin)).clamp(min=0).mean()


def gradients(margin: float, loss_margin: float | None = None) -> tuple[Tensor, Tensor]:
    """Of the mean loss, with respect to the two layers of the network "flat"."""
    first = torch.eye(3, dtype=torch.float64, requires_grad=True)
    last = torch.eye(2, 3, dtype=torch.float64, requires_grad=True)
    rows = torch.nn.functional.normalize(IMAGES.flatten(1) @ first.T @ last.T)
    loss = mean_loss(rows, margin, loss_margin)
    found = torch.autograd.grad(loss, (first, last))
    return found[0], found[1]


def read_steps(seen: Mapping[str, Any]) -> list[tuple[float, int]]:
    """What the steps returned: loss and number of triplets each."""
    for value in seen["returned"]:
        expect(
            type(value) is tuple and len(value) == 2,
            f"A TrainingStep, loss and number of triplets, should come back; it is {value!r}.",
        )
        for name, part, kind in zip(("loss", "triplets"), value, (float, int), strict=True):
            expect(
                type(part) is kind,
                f"{name} should be a plain {kind.__name__}; it is a {type(part).__name__}.",
                misconception=Misconception(
                    "returns tensors",
                    "A tensor that stays in a list of results keeps the graph of its step alive. "
                    "loss.item() and len(...) are plain numbers.",
                )
                if isinstance(part, Tensor)
                else None,
            )
    return list(seen["returned"])


def expect_moved(
    seen: Mapping[str, Any],
    expected: tuple[Tensor, Tensor],
    given: str,
    known: Iterable[tuple[tuple[Tensor, Tensor], Misconception]] = (),
) -> None:
    """Fail unless both layers moved by RATE times the expected gradients."""
    before, after = seen["states"][0], seen["states"][-1]
    still = [n for n in ("first.weight", "last.weight") if torch.equal(before[n], after[n])]
    if still:
        fail(
            f"One step should move every weight; {' and '.join(still)} did not move.",
            misconception=NOTHING_MOVES if len(still) == 2 else ONLY_SOME_LAYERS,
        )
    for place, name in enumerate(("first.weight", "last.weight")):
        moved = (before[name] - after[name]) / RATE
        usual = [
            (-expected[place], UPHILL),
            (len(TRIPLETS[0.2]) * expected[place], SUM_OF_TRIPLETS),
            (expected[place] + 0.25, ACCUMULATES),
        ]
        expect_close(
            moved,
            expected[place],
            atol=1e-8,
            what=f"what the step took from {name}, divided by the learning rate,",
            given=given,
            help="It should be the gradient of the mean loss of the mined triplets.",
            misconceptions=[*usual, *((wrong[place], mistake) for wrong, mistake in known)],
        )


@exercise(
    "training_step",
    object="course_lib.training.step.training_step",
    title="One step of training, through all layers",
    points=16,
    difficulty=3,
    minutes=20,
    hints=(
        "In this order: embed, measure, mine, compute the loss, zero the gradients, backward, "
        "step, report. Each is one line.",
        "The miner gets distances of embeddings.detach(); the loss gets rows of embeddings itself: "
        "embeddings[anchors] and so on. Both get the margin.",
        "Without an anchor, TrainingStep(0.0, 0) is returned before anything moves. Else the "
        "gradients are zeroed, the loss goes backward, the optimiser takes its step, and .item() "
        "makes the loss a plain number.",
    ),
)
class TestTrainingStep:
    """A step with two linear layers, worked out by hand; then a step through convolutions."""

    @graded(3, "loss and number of triplets of a batch, as they were before the step")
    def test_report(self, submission):
        seen = take_steps(submission, [(IMAGES, PRODUCTS)], double=True)
        loss, triplets = read_steps(seen)[0]
        expect_equal(triplets, 5, what="the number of triplets", given="six images, margin 0.2")
        rows = torch.nn.functional.normalize(IMAGES.flatten(1)[:, :2])
        asked = mean_loss(rows, 0.2)
        expect_close(
            torch.tensor(loss, dtype=torch.float64),
            asked,
            atol=1e-8,
            what="the loss",
            given="five triplets that cost 0.0527, 0.1098, 0.0527, 0.0527 and 0.0527",
            misconceptions=[
                (5 * asked, SUM_OF_TRIPLETS),
                (
                    mean_loss(seen["embeddings"], 0.2),
                    Misconception(
                        "reports the loss after the step",
                        "The loss of the batch as it came in is asked: it is known already, and "
                        "no second pass is needed.",
                    ),
                ),
            ],
        )

    @graded(3, "every weight moves, by the learning rate times the gradient")
    def test_step(self, submission):
        seen = take_steps(submission, [(IMAGES, PRODUCTS)], double=True)
        expect_moved(seen, gradients(0.2), "the six images")

    @graded(2, "gradients left over from before are not added", after="test_step")
    def test_left_over(self, submission):
        seen = take_steps(submission, [(IMAGES, PRODUCTS)], double=True, left_over=True)
        expect_moved(seen, gradients(0.2), "the six images, after an earlier backward()")

    @graded(2, "a batch without triplets moves nothing, also under an optimiser with momentum",
            after="test_step")  # fmt: skip
    def test_no_triplets(self, submission):
        batches = [(IMAGES, PRODUCTS), (IMAGES, torch.arange(6))]
        seen = take_steps(submission, batches, double=True, optimizer="adam", rate=0.01)
        read_steps(seen)
        expect_equal(
            seen["returned"][1], (0.0, 0), what="the report", given="six images of six products"
        )
        _, before, after = seen["states"]
        moved = [name for name in before if not torch.equal(before[name], after[name])]
        expect(
            not moved,
            "A batch in which every image shows another product has no triplets. It should move "
            f"nothing, and moved {' and '.join(moved)}.",
            misconception=MOVES_WITHOUT_TRIPLETS,
        )


# embedding a data set --------------------------------------------------------------------------

IN_TRAINING_MODE = Misconception(
    "embeds in training mode",
    "Dropout then throws numbers away at random, and batch normalisation uses the statistics of "
    "the batch: the embedding of a photo depends on chance and on its neighbours. model.eval().",
)
MODE_NOT_RESTORED = Misconception(
    "leaves the model in another mode than it came in",
    "Evaluation happens in the middle of training. Remember model.training, and put it back when "
    "you are done, whichever it was.",
)
MODE_LOST_BY_AN_ERROR = Misconception(
    "leaves the model in evaluation mode when something goes wrong",
    "A photo that cannot be read ends the function in the middle. What stands in the `finally:` of "
    "a `try:` happens all the same.",
)
GRAPH_KEPT = Misconception(
    "keeps the graph",
    "Nothing is learnt here, and a graph holds on to every feature map of every photo. Work under "
    "torch.no_grad().",
)
SHUFFLED = Misconception(
    "changes the order of the data set",
    "Row i belongs to item i: whoever asked knows the items by their place. A DataLoader keeps the "
    "order unless told to shuffle.",
)
LAST_BATCH_DROPPED = Misconception(
    "drops the last, smaller batch",
    "Training may leave images out, evaluation may not. drop_last, and N // batch_size batches, do "
    "so.",
)
BATCH_SIZE_IGNORED = Misconception(
    "ignores the batch size",
    "The data set may be larger than the memory: at most batch_size images at a time go through "
    "the network, and that many as often as possible.",
)
LAST_BATCH_ONLY = Misconception(
    "returns one batch only", "Collect what every batch gives, and put it together at the end."
)


def a_data_set(count: int, generator: torch.Generator) -> tuple[Tensor, list[int]]:
    """Images of noise, and labels that are no positions and come in no order."""
    images = torch.rand(count, 3, 4, 4, generator=generator)
    return images, [(7 * i + 3) % 11 + 100 for i in range(count)]


def expect_embeddings(
    seen: Mapping[str, Any], labels: list[int], batch_size: int | None = None
) -> None:
    """Fail unless the embeddings and labels are those of the items, in their order."""
    value = seen["value"]
    expect(
        type(value) is tuple and len(value) == 2,
        "Embeddings and labels should come back, as a tuple of two tensors; it is "
        f"{type(value).__name__}.",
    )
    if any(note["training"] for note in seen["passes"]):
        fail("The network should be in evaluation mode while it embeds.",
             misconception=IN_TRAINING_MODE)  # fmt: skip
    asked = seen["one by one"]
    count = len(labels)
    shapes: dict[tuple[int, ...], Misconception] = {}
    if batch_size and count % batch_size:
        whole = count - count % batch_size
        shapes = {
            (count % batch_size, asked.shape[1]): LAST_BATCH_ONLY,
            (batch_size, asked.shape[1]): LAST_BATCH_ONLY,
            (whole, asked.shape[1]): LAST_BATCH_DROPPED,
        }
    rows = expect_tensor(
        value[0], shape=asked.shape, dtype=torch.float32, what="embeddings", misconceptions=shapes
    )
    found = expect_tensor(value[1], shape=(count,), dtype=torch.int64, what="labels")
    if not torch.allclose(rows, asked, atol=1e-5):
        matches = torch.cdist(rows.double(), asked.double()).argmin(dim=1)
        in_other_order = sorted(matches.tolist()) == list(range(count))
        fail(
            "Row i of the embeddings should be the embedding of item i; rows 0, 1, 2, ... are of "
            f"items {matches.tolist()[:6]} ...",
            misconception=SHUFFLED if in_other_order else None,
        )
    expect_equal(
        found.tolist(), labels, what="the labels",
        misconceptions=[(found.tolist(), SHUFFLED)] if sorted(found.tolist()) == sorted(labels)
        else [],
    )  # fmt: skip


@exercise(
    "embed_dataset",
    object="course_lib.training.embedding.embed_dataset",
    title="Embed a data set, batch by batch and in order",
    points=12,
    difficulty=2,
    minutes=15,
    hints=(
        "DataLoader(dataset, batch_size) yields pairs of stacked images and stacked labels, in "
        "order. Collect both in lists; torch.cat makes one tensor of a list.",
        "Before: remember model.training, then model.eval(). After: model.train(what you "
        "remembered). In between: with torch.no_grad().",
        "try: ... finally: model.train(was_training) restores the mode also when an image cannot "
        "be read. images.to(device) before the network, .cpu() after it.",
    ),
)
class TestEmbedDataset:
    """Images of noise through a network with dropout that takes notes."""

    @graded(3, "embeddings and labels of all items, in the order of the data set")
    def test_in_order(self, submission):
        images, labels = a_data_set(20, torch.Generator().manual_seed(8))
        seen = submission.probe("embedding_pass", images, labels, batch_size=5)
        expect_embeddings(seen, labels, 5)

    @graded(2, "the last batch may be smaller, and so may the data set", after="test_in_order")
    def test_last_batch(self, submission):
        for count, batch_size in ((13, 5), (3, 8), (9, 1)):
            images, labels = a_data_set(count, torch.Generator().manual_seed(9))
            seen = submission.probe("embedding_pass", images, labels, batch_size=batch_size)
            expect_embeddings(seen, labels, batch_size)

    @graded(1, "no graph is built")
    def test_no_graph(self, submission):
        images, labels = a_data_set(6, torch.Generator().manual_seed(8))
        seen = submission.probe("embedding_pass", images, labels)
        value = seen["value"]
        rows = value[0] if type(value) is tuple and value else value
        expect(
            len(seen["passes"]) > 0
            and not any(note["graph"] for note in seen["passes"])
            and not getattr(rows, "requires_grad", False),
            "Gradients should be off while the network embeds.",
            misconception=GRAPH_KEPT,
        )

    @graded(1, "afterwards the model is in the mode it came in", after="test_in_order")
    def test_mode(self, submission):
        images, labels = a_data_set(6, torch.Generator().manual_seed(8))
        for training in (True, False):
            seen = submission.probe("embedding_pass", images, labels, training=training)
            expect_equal(
                seen["training afterwards"],
                training,
                what="model.training afterwards",
                given=f"a model that came with model.training = {training}",
                misconceptions=[(not training, MODE_NOT_RESTORED)],
            )


# top-k accuracy --------------------------------------------------------------------------------

# Six items on a line; the first query's nearest five are items 0, 1, 2, 3, 4.
ITEMS = torch.tensor([[0.0], [1.0], [2.0], [3.0], [4.0], [9.0]])
ITEM_LABELS = torch.tensor([7, 4, 4, 8, 7, 5])
QUERIES = torch.tensor([[-1.0], [-1.0], [10.0], [-1.0], [10.0]])
QUERY_LABELS = torch.tensor([7, 4, 5, 5, 1])
# Nearest five of -1: 7 4 4 8 7; of 10: 5 7 8 4 4. Hits: yes, yes, yes, no, no.
ONE_HIT = Misconception(
    "counts how many of the k are right",
    "That is precision. One item of the query's label among the k makes a hit, five make one hit, "
    "too: any(), then the mean over the queries.",
)
ALL_HITS = Misconception(
    "wants all k to be right",
    "One item of the query's label among the k is enough: any(), not all().",
)
MAJORITY = Misconception(
    "lets the k vote",
    "That is a k-nearest-neighbour classifier. Here one item of the query's label among the k is "
    "enough.",
)
FIRST_ONLY = Misconception(
    "looks at the nearest item only", "All k neighbours count: a hit may stand anywhere in them."
)
K_IGNORED = Misconception(
    "always looks at five", "k is an argument; 5 is only what it is when nobody says otherwise."
)
FARTHEST = Misconception(
    "looks at the farthest items",
    "Distances are sorted from small to large, similarities from large to small.",
)
FIRST_DROPPED = Misconception(
    "throws the nearest item away",
    "Queries are no members of the retrieval set here, so the nearest item is not the query "
    "itself.",
)
UNANSWERABLE_LEFT_OUT = Misconception(
    "leaves queries out that cannot be answered",
    "A query whose label the retrieval set lacks is a miss. Leaving it out makes a system look "
    "better by making its collection smaller.",
)
RECALL_OF_IR = Misconception(
    "counts how many of the label's items are among the k",
    "That is the recall of information retrieval. Here one item of the query's label is enough.",
)
PADDING_COUNTED = Misconception(
    "takes index -1 for an item",
    "-1 says that nothing was found. As an index it fetches the last item's label, and that may be "
    "the right one by accident.",
)
INDEX_IGNORED = Misconception(
    "searches exactly although there is an index",
    "With an index, the neighbours are what index.search(query_embeddings, k) found.",
)


@exercise(
    "top_k_accuracy",
    object="course_lib.evaluation.accuracy.top_k_accuracy",
    title="Top-k accuracy, by exact search or by an index",
    points=14,
    difficulty=2,
    minutes=15,
    hints=(
        "First the (Q, k) indices of the neighbours, from k_nearest or from index.search; both "
        "return (squared_distances, indices).",
        "retrieval_labels[nearest] is a (Q, k) table of labels. Compare it with the queries' "
        "labels as a column; any(dim=1) says which queries have a hit.",
        "An index -1 is a place without an item: (nearest >= 0) & (labels are equal). The share of "
        "hits is a plain float: hits.sum().item() / len(hits).",
    ),
)
class TestTopKAccuracy:
    """Labels on a line, and neighbours that an index claims."""

    @graded(4, "the share of five queries that have their label among the five nearest")
    def test_five_queries(self, submission):
        value = submission.call(QUERIES, QUERY_LABELS, ITEMS, ITEM_LABELS)
        expect_share(
            value,
            3 / 5,
            given="queries at -1, -1, 10, -1 and 10 with labels 7, 4, 5, 5 and 1; items at 0, 1, "
            "2, 3, 4 and 9 with labels 7, 4, 4, 8, 7 and 5",
            help="The five nearest of -1 have labels 7, 4, 4, 8, 7; those of 10 have 5, 7, 8, 4, "
            "4. So the queries are hit, hit, hit, miss, miss.",
            known=[
                ((2 / 5 + 2 / 5 + 1 / 5) / 5, ONE_HIT),
                (0.0, ALL_HITS),
                (2 / 5, FIRST_ONLY),
                (3 / 4, UNANSWERABLE_LEFT_OUT),
                (3 / 3, UNANSWERABLE_LEFT_OUT),
            ],
        )

    @graded(2, "other k", after="test_five_queries")
    def test_other_k(self, submission):
        for k, expected, known in (
            (1, 2 / 5, [(3 / 5, K_IGNORED)]),
            (2, 3 / 5, []),
            (6, 4 / 5, [(3 / 5, K_IGNORED)]),
        ):
            value = submission.call(QUERIES, QUERY_LABELS, ITEMS, ITEM_LABELS, k)
            expect_share(value, expected, given=f"the same queries and items, k = {k}",
                         known=known)  # fmt: skip

    @graded(2, "with an index, what the index found counts", after="test_five_queries")
    def test_index(self, submission):
        neighbours = torch.tensor([[3, 5], [0, 1], [1, 2], [5, 3], [4, 0]])
        seen = submission.probe(
            "search_by_index", neighbours, QUERIES, QUERY_LABELS, ITEMS, ITEM_LABELS, 2
        )
        expect_share(
            seen["value"],
            2 / 5,
            given="an index that finds items [3, 5], [0, 1], [1, 2], [5, 3] and [4, 0], k = 2",
            help="Their labels are 8 5, 7 4, 4 4, 5 8 and 7 7; the queries' are 7, 4, 5, 5, 1.",
            known=[(3 / 5, INDEX_IGNORED)],
        )

    @graded(1, "where an index found nothing, there is no item", after="test_index")
    def test_padding(self, submission):
        neighbours = torch.tensor([[1, -1], [3, 1], [-1, -1], [0, -1], [3, -1]])
        seen = submission.probe(
            "search_by_index", neighbours, QUERIES, QUERY_LABELS, ITEMS, ITEM_LABELS, 2
        )
        expect_share(
            seen["value"],
            1 / 5,
            given="an index that finds items [1], [3, 1], none, [0] and [3] for the five queries, "
            "filled up with -1; the last item has label 5, as the third and fourth query have",
            known=[(3 / 5, PADDING_COUNTED)],
        )


def expect_share(
    value: Any,
    expected: float,
    *,
    given: str,
    help: str = "",
    known: Iterable[tuple[float, Misconception]] = (),
) -> None:
    """Fail unless a plain float equals the expected share."""
    expect(
        type(value) is float,
        f"A plain float should come back; it is a {type(value).__name__}.",
        help="tensor.item() makes a Python number of a tensor with one element.",
    )
    expect_close(
        torch.tensor(value, dtype=torch.float64),
        torch.tensor(expected, dtype=torch.float64),
        atol=1e-6,
        what="the share",
        given=given,
        help=help,
        misconceptions=[(torch.tensor(v, dtype=torch.float64), m) for v, m in known],
    )


# recall of an index ----------------------------------------------------------------------------

# Queries 0 and 10 on a line. Nearest three of 0: items 0, 1, 2; of 10: items 5, 4, 3.
LINE = torch.tensor([[1.0], [2.0], [3.0], [6.0], [7.0], [8.0]])
ENDS = torch.tensor([[0.0], [10.0]])
ORDER_WANTED = Misconception(
    "wants the neighbours in the same order, too",
    "An index is asked which items are near; the order is easily mended. Compare sets, not places.",
)
ANY_NEIGHBOUR = Misconception(
    "counts the queries for which some neighbour was found",
    "That is about queries; here every one of the Q · k neighbours counts.",
)
ALL_NEIGHBOURS = Misconception(
    "counts the queries for which all neighbours were found",
    "That is about queries; here every one of the Q · k neighbours counts.",
)
NEAREST_ONLY = Misconception(
    "looks at the nearest neighbour only", "All k neighbours of the exact search count."
)
SHARE_OF_FOUND = Misconception(
    "divides by the number of items found",
    "That is a precision: an index that finds little would look good. Divide by the Q · k "
    "neighbours that there are.",
)
TIES_COUNTED_AS_MISSES = Misconception(
    "compares ids where distances are equal",
    "Of items at the same distance each is as near as the other, and an index cannot know which of "
    "them your search would name. What is no farther than the k-th neighbour is right.",
)


@exercise(
    "neighbor_recall",
    object="course_lib.evaluation.recall.neighbor_recall",
    title="What an index misses: recall of the nearest neighbours",
    points=12,
    difficulty=3,
    minutes=20,
    hints=(
        "The exact neighbours come from k_nearest(queries, retrieval, k), with k = "
        "found.shape[1]. How far is the k-th of them?",
        "Whatever is no farther than that is one of the k nearest. So you need the distances of "
        "the items found: (queries[:, None] - retrieval[found]).square().sum(dim=2) has shape "
        "(Q, k).",
        "Allow for rounding: found_distances <= kth * (1 + 1e-6). And leave out the places where "
        "found is -1. The rest is the share of True among all Q · k places.",
    ),
)
class TestNeighborRecall:
    """Neighbours on a line, some of them missed."""

    @graded(3, "the share of the exact neighbours that was found")
    def test_line(self, submission):
        for found, expected, known in (
            ([[1, 2, 3], [5, 4, 0]], 4 / 6, [(1.0, ANY_NEIGHBOUR), (0.0, ALL_NEIGHBOURS),
                                             (1 / 2, NEAREST_ONLY), (2 / 6, ORDER_WANTED)]),
            ([[0, 1, 2], [2, 1, 0]], 3 / 6, []),
            ([[0, 1, 2], [5, 4, 3]], 1.0, []),
            ([[4, 5, 3], [0, 2, 1]], 0.0, []),
        ):  # fmt: skip
            value = submission.call(ENDS, LINE, torch.tensor(found))
            expect_share(
                value,
                expected,
                given=f"queries at 0 and 10, items at 1, 2, 3, 6, 7 and 8, found {found}",
                known=known,
            )

    @graded(2, "in any order", after="test_line")
    def test_order(self, submission):
        found = torch.tensor([[2, 0, 1], [3, 5, 0]])
        expect_share(
            submission.call(ENDS, LINE, found),
            5 / 6,
            given=f"found {found.tolist()}, where [0, 1, 2] and [5, 4, 3] are exact",
            known=[(0.0, ORDER_WANTED), (1 / 6, ORDER_WANTED)],
        )

    @graded(2, "where nothing was found, a neighbour is missed", after="test_line")
    def test_padding(self, submission):
        found = torch.tensor([[0, -1, -1], [5, 4, -1]])
        expect_share(
            submission.call(ENDS, LINE, found),
            3 / 6,
            given=f"found {found.tolist()}, filled up with -1",
            help="The last item is none that was found: -1 is no item.",
            known=[(1.0, SHARE_OF_FOUND), (4 / 6, PADDING_COUNTED)],
        )


# trained weights -------------------------------------------------------------------------------

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
    points=20,
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
    def test_all_tensors(self, submission):
        for seed, as_text in ((1, False), (2, True)):
            expect_network(loaded(submission, seed, as_text=as_text))

    @graded(
        2,
        "evaluation mode, and the embeddings of the network in the file",
        after="test_all_tensors",
    )
    def test_ready(self, submission):
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
    def test_refuses(self, submission):
        for change in ("a name is missing", "a name is unknown", "a shape is another"):
            seen = loaded(submission, 4, change)
            expect(
                "raised" in seen,
                f"where {change} in the file, an error should be raised; the answer returned "
                f"{seen.get('returned')}.",
                misconception=TAKES_ANYTHING,
            )

    @graded(2, "the weights that you hand in are an embedder's", after="test_all_tensors")
    def test_handed_in(self, submission):
        weights_in(submission.artifact)

    @graded(4, "they tell unseen species apart on new photos", after="test_handed_in")
    def test_new_photos(self, submission):
        expect_trained(submission, PUBLIC_PHOTOS)
