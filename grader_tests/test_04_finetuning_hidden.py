"""Hidden tests of assignment 04, fine-tuning and evaluation."""

import torch

from autograder.testing.declarations import graded, hidden_tests
from autograder.testing.expectations import (
    Misconception,
    expect,
    expect_equal,
)
from course_lib.evaluation import neighbor_recall, top_k_accuracy
from grader_tests.test_04_finetuning import (
    BATCH_SIZE_IGNORED,
    CHANGES_THE_MODE,
    EVERYTHING_FROZEN,
    FARTHEST,
    FIRST_DROPPED,
    IMAGES,
    LOSS_WITHOUT_MARGIN,
    MINER_WITHOUT_MARGIN,
    MODE_LOST_BY_AN_ERROR,
    ONE_KIND_OR_LEVEL,
    ONLY_SOME_LAYERS,
    PRODUCTS,
    TIES_COUNTED_AS_MISSES,
    a_data_set,
    expect_embeddings,
    expect_moved,
    expect_share,
    gradients,
    read_steps,
    take_steps,
)
from grader_tests.trained_weights import expect_trained

# frozen batch normalisation --------------------------------------------------------------------

OLD_GRADIENTS = Misconception(
    "leaves old gradients to the optimiser",
    "requires_grad_(False) stops new gradients, but a gradient from before is still there, and an "
    "optimiser that holds the parameter takes it, step after step. Set .grad to None as well.",
)
CHANGES_VALUES = Misconception(
    "changes what pretraining has learnt",
    "Freezing is about modes and flags. Weights, statistics and layers themselves stay what they "
    "are.",
)


@hidden_tests("freeze_batch_norm")
class TestFreezeBatchNormHidden:
    """Other layers, and a network in the middle of training."""

    @graded(1, "every kind of batch normalisation is frozen, and no other normalisation")
    def test_kinds(self, submission):
        for kind in ("BatchNorm1d", "BatchNorm3d", "SyncBatchNorm",
                     "BatchNorm2d without scale and shift"):  # fmt: skip
            seen = submission.probe("frozen_batch_norm", kind=kind)
            changed = set(seen["changed by training"]) & set(seen["batch normalisation"])
            expect(
                not changed,
                f"A {kind} should be frozen as well; training changed {sorted(changed)}.",
                misconception=ONE_KIND_OR_LEVEL,
            )
        for kind in ("GroupNorm", "LayerNorm", "InstanceNorm2d"):
            seen = submission.probe("frozen_batch_norm", kind=kind)
            still = {n for n in seen["tensors"] if not n.endswith("num_batches_tracked")}
            still -= set(seen["changed by training"])
            expect(
                not still,
                f"{kind} is no batch normalisation and should be trained; training left "
                f"{sorted(still)} as they were.",
                misconception=EVERYTHING_FROZEN,
            )

    @graded(1, "freezing itself changes no number and no layer")
    def test_nothing_else(self, submission):
        seen = submission.probe("frozen_batch_norm")
        expect(
            not seen["changed by the call"] and seen["same layers"] is True,
            "Before and after the call the network should have the same layers and numbers; "
            f"changed: {seen['changed by the call'] or 'layers'}.",
            misconception=CHANGES_VALUES,
        )

    @graded(1, "gradients and momentum from before the freezing move nothing any more")
    def test_old_gradients(self, submission):
        seen = submission.probe("frozen_batch_norm", old_optimizer=True)
        changed = set(seen["changed by training"]) & set(seen["batch normalisation"])
        expect(
            not changed,
            "Frozen in the middle of training, the batch normalisations should stay as they are "
            f"under the same optimiser; {sorted(changed)} moved on.",
            misconception=OLD_GRADIENTS,
        )


# one step of training --------------------------------------------------------------------------

EMBEDS_AGAIN = Misconception(
    "embeds images more than once",
    "One pass through the network gives the embeddings of the whole batch; anchors, positives and "
    "negatives are rows of it. Further passes cost as much again, and batch normalisation in "
    "training mode makes other embeddings in each.",
)
GENERATOR_NOT_HANDED_ON = Misconception(
    "does not hand the generator to the miner",
    "semi_hard_triplets(..., generator=generator): otherwise a run cannot be repeated.",
)


def drawn_batch(draw, products=4, images=4):
    """Images of noise, in mixed order: what they show can only be learnt by heart."""
    pixels = torch.rand(products * images, 3, 8, 8, generator=draw)
    labels = (10 * torch.randperm(products, generator=draw)).repeat_interleave(images)
    return pixels, labels[torch.randperm(len(labels), generator=draw)]


@hidden_tests("training_step")
class TestTrainingStepHidden:
    """Another margin, convolutions, chance, and a small set that is learnt by heart."""

    @graded(1, "another margin reaches the miner and the loss")
    def test_margin(self, submission):
        seen = take_steps(submission, [(IMAGES, PRODUCTS)], double=True, margin=0.3)
        expect_moved(
            seen,
            gradients(0.3),
            "the six images, margin 0.3",
            known=[
                (gradients(0.2, 0.3), MINER_WITHOUT_MARGIN),
                (gradients(0.3, 0.2), LOSS_WITHOUT_MARGIN),
            ],
        )
        _, triplets = read_steps(seen)[0]
        expect_equal(
            triplets,
            6,
            what="the number of triplets",
            given="margin 0.3",
            misconceptions=[(5, MINER_WITHOUT_MARGIN)],
        )

    @graded(1, "the batch goes through the network once, and the model's modes stay as they are")
    def test_one_pass(self, submission, draw):
        seen = take_steps(
            submission, [drawn_batch(draw)], network="convolutional", rate=0.1, frozen=True
        )
        passes = seen["calls"]
        expect(
            len(passes) > 0
            and all(p["training"] and not any(p["layers in training"]) for p in passes)
            and seen["modes kept"] is True,
            "The model came in training mode, its batch normalisations in evaluation mode; the "
            "step should use it so and leave it so.",
            misconception=CHANGES_THE_MODE,
        )
        expect_equal(
            [p["images"] for p in passes],
            [16],
            what="the list of passes through the network, by their number of images,",
            given="a batch of 16 images",
            misconceptions=[([p["images"] for p in passes], EMBEDS_AGAIN)] if passes else [],
        )

    @graded(1, "every convolution moves, and no frozen batch normalisation")
    def test_all_layers(self, submission, draw):
        seen = take_steps(
            submission, [drawn_batch(draw)], network="convolutional", rate=0.1, frozen=True
        )
        before, after = seen["states"]
        moved = {name for name in before if not torch.equal(before[name], after[name])}
        still, woken = set(seen["trained"]) - moved, moved - set(seen["trained"])
        expect(
            not still,
            f"One step should move every convolution; {sorted(still)} stayed as they were.",
            misconception=ONLY_SOME_LAYERS,
        )
        expect(
            not woken,
            f"Frozen batch normalisations should stay as they are; {sorted(woken)} changed.",
            misconception=CHANGES_THE_MODE,
        )

    @graded(1, "the generator decides alone: equal states give equal steps")
    def test_generator(self, submission, draw):
        batch = drawn_batch(draw, images=5)
        runs = []
        for seed in (11, 11, *range(20, 30)):
            submission.seed(len(runs))
            seen = take_steps(
                submission, [batch], network="convolutional", rate=0.1, frozen=True, seed=seed
            )
            expect(
                seen["global generator untouched"] is True,
                "With a generator of its own the step should leave torch's global one alone.",
                misconception=GENERATOR_NOT_HANDED_ON,
            )
            runs.append(seen["states"][-1]["layers.0.weight"])
        expect(
            torch.equal(runs[0], runs[1]),
            "Two steps from the same weights, with generators of the same state, should be equal.",
            misconception=GENERATOR_NOT_HANDED_ON,
        )
        expect(
            any(not torch.equal(runs[0], run) for run in runs[2:]),
            "Ten generators of other states should not all lead to the same step.",
            misconception=GENERATOR_NOT_HANDED_ON,
        )

    @graded(2, "a small set is learnt by heart: sixty steps bring every product together")
    def test_learns_by_heart(self, submission, draw):
        batch = drawn_batch(draw)
        seen = take_steps(
            submission, [batch] * 60, network="convolutional", optimizer="adam", rate=0.01
        )
        embeddings, labels = seen["embeddings"].double(), batch[1]
        distances = torch.cdist(embeddings, embeddings).square()
        same = labels[:, None] == labels
        # Not "the nearest is of the product": what is ranked wrongly by more than the margin is not
        # mined any more. Over many draws the reference comes to 0.1 +- 0.03, from 1 before.
        ratio = (
            distances[same].sum() / (same.sum() - len(labels)) / distances[~same].mean()
        ).item()
        expect(
            ratio < 0.7,
            f"After 60 steps on sixteen images of noise, squared distances within products are "
            f"{ratio:.2f} of those between products on average; less than 0.70 is asked.",
        )


# embedding a data set --------------------------------------------------------------------------


@hidden_tests("embed_dataset")
class TestEmbedDatasetHidden:
    """Drawn images; the batch size; an image that cannot be read."""

    @graded(2, "drawn images, several batch sizes, each item read once")
    def test_drawn(self, submission, draw):
        for count, batch_size in ((17, 4), (12, 6), (5, 16)):
            images, labels = a_data_set(count, draw)
            seen = submission.probe("embedding_pass", images, labels, batch_size=batch_size)
            expect_embeddings(seen, labels, batch_size)
            expect_equal(
                sorted(seen["read"]),
                list(range(count)),
                what="the items that were read",
                given=f"a data set of {count} images",
            )

    @graded(2, "at most batch_size images at a time, and no more passes than that takes")
    def test_batches(self, submission, draw):
        images, labels = a_data_set(11, draw)
        seen = submission.probe("embedding_pass", images, labels, batch_size=4)
        sizes = [note["images"] for note in seen["passes"]]
        expect_equal(
            sizes,
            [4, 4, 3],
            what="the numbers of images in the passes through the network",
            given="11 images, batch_size 4",
            misconceptions=[(sizes, BATCH_SIZE_IGNORED)],
        )

    @graded(1, "the mode is restored also when an image cannot be read")
    def test_error(self, submission, draw):
        images, labels = a_data_set(9, draw)
        seen = submission.probe("embedding_pass", images, labels, batch_size=3, broken=5)
        expect(
            seen["error"] == "OSError",
            "An image that cannot be read should raise its error; nothing was raised.",
        )
        expect(
            seen["training afterwards"] is True,
            "The model came in training mode; after an error it should be so again.",
            misconception=MODE_LOST_BY_AN_ERROR,
        )


# top-k accuracy --------------------------------------------------------------------------------


def drawn_search(draw, queries=40, items=60, products=12):
    """Embeddings around their product's centre, and labels; a few products have no item."""
    centres = torch.randn(products, 8, generator=draw)
    query_labels = torch.randint(products, (queries,), generator=draw)
    item_labels = torch.randint(products - 2, (items,), generator=draw)
    q, r = (
        torch.nn.functional.normalize(
            centres[labels] + 0.9 * torch.randn(len(labels), 8, generator=draw)
        )
        for labels in (query_labels, item_labels)
    )
    ids = 50 * torch.randperm(products, generator=draw) + 3
    return q, ids[query_labels], r, ids[item_labels]


@hidden_tests("top_k_accuracy")
class TestTopKAccuracyHidden:
    """Drawn embeddings, compared with the reference."""

    @graded(3, "drawn embeddings, several k")
    def test_drawn(self, submission, draw):
        search = drawn_search(draw)
        q, query_labels, r, item_labels = search
        ranking = torch.cdist(q.double(), r.double()).argsort(dim=1)
        for k in (1, 3, 5, 20):
            wrong = ((ranking[:, -k:], FARTHEST), (ranking[:, 1 : k + 1], FIRST_DROPPED))
            expect_share(
                submission.call(*search, k),
                top_k_accuracy(*search, k),
                given=f"40 drawn queries, 60 items, k = {k}",
                known=[
                    ((item_labels[n] == query_labels[:, None]).any(1).double().mean().item(), m)
                    for n, m in wrong
                ],
            )

    @graded(1, "an index is asked once, for all queries and k neighbours")
    def test_asked(self, submission, draw):
        search = drawn_search(draw)
        neighbours = torch.randint(-1, 60, (40, 7), generator=draw)
        seen = submission.probe("search_by_index", neighbours, *search, 7)
        labels = torch.where(neighbours < 0, -1, search[3][neighbours])
        hits = (labels == search[1][:, None]).any(dim=1)
        expect_share(seen["value"], hits.double().mean().item(), given="a drawn index, k = 7")
        asked = [(tuple(s["queries"].shape), s["k"]) for s in seen["searches"]]
        expect_equal(
            asked, [((40, 8), 7)], what="the list of searches", given="40 queries of 8 numbers"
        )

    @graded(1, "neighbours on a grid, where many distances are equal")
    def test_ties(self, submission, draw):
        rows = torch.randint(0, 3, (50, 2), generator=draw).double()
        labels = torch.randint(0, 9, (50,), generator=draw)
        search = rows[:20], labels[:20], rows[20:], labels[20:]
        for k in (1, 2, 4):
            expect_share(
                submission.call(*search, k),
                top_k_accuracy(*search, k),
                given=f"20 queries and 30 items on a grid, k = {k}",
                help="Ties go to the item that stands first, as k_nearest has it.",
            )


# recall of an index ----------------------------------------------------------------------------


@hidden_tests("neighbor_recall")
class TestNeighborRecallHidden:
    """Drawn neighbours, compared with the reference; equal distances."""

    @graded(3, "drawn embeddings and an index that misses some")
    def test_drawn(self, submission, draw):
        q, _, r, _ = drawn_search(draw)
        exact = torch.cdist(q.double(), r.double()).argsort(dim=1)
        for k in (1, 5, 10):
            found = exact[:, : 2 * k]
            mixed = torch.rand(found.shape, generator=draw).argsort(dim=1)[:, :k]
            found = found.gather(1, mixed)
            found[torch.rand(found.shape, generator=draw) < 0.1] = -1
            expect_share(
                submission.call(q, r, found),
                neighbor_recall(q, r, found),
                given=f"40 drawn queries, 60 items, k = {k}",
            )

    @graded(2, "of items at the same distance each is as good as the other")
    def test_ties(self, submission):
        # Items 0, 1 and 2 lie at distance 1 of the query, items 3 and 4 at distance 2.
        items = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [2.0, 0.0], [0.0, -2.0]])
        query = torch.zeros(1, 2)
        for found, expected, by_id in (([2, 1], 1.0, 1 / 2), ([2, 3], 1 / 2, 0.0),
                                       ([0, 1, 2, 4], 1.0, 3 / 4)):  # fmt: skip
            expect_share(
                submission.call(query, items, torch.tensor([found])),
                expected,
                given=f"items at distance 1, 1, 1, 2 and 2, found {found}",
                known=[(by_id, TIES_COUNTED_AS_MISSES)],
            )
        copies = torch.tensor([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0]])
        expect_share(
            submission.call(query, copies, torch.tensor([[1]])),
            1.0,
            given="items at distance 0, 0 and 3, found [1]",
        )


# trained weights -------------------------------------------------------------------------------


@hidden_tests("load_embedder")
class TestLoadEmbedderHidden:
    """The weights that were handed in, on photos that nobody has seen."""

    @graded(
        6, "they tell unseen species apart on photos that nobody has seen", after="test_handed_in"
    )
    def test_secret_photos(self, submission, draw):
        photo_seed = int(torch.randint(2**40, (), generator=draw))
        expect_trained(submission, photo_seed)
