"""The shortest training loop: what changes and what does not."""

import pytest
import torch

from course_lib.losses import triplet_loss
from course_lib.mining import semi_hard_triplets
from course_lib.networks import Embedder, SmallResNet
from course_lib.reproducibility import seed_everything
from course_lib.training import TrainingStep, mirror_and_shift, train_triplets
from tests.course_lib.training.examples import sampler, striped_birds


class TestTrainTriplets:
    def test_lowers_the_loss_of_a_tiny_set(self):
        seed_everything(0)
        pictures, labels = striped_birds()
        model = Embedder(SmallResNet((8, 16)))
        history = train_triplets(model, pictures, labels, sampler(labels), steps=40)
        assert len(history) == 40
        assert all(isinstance(step, TrainingStep) for step in history)
        assert sum(step.triplets for step in history[-10:]) < sum(
            step.triplets for step in history[:10]
        )
        assert not model.training

    def test_changes_every_layer(self):
        pictures, labels = striped_birds()
        model = Embedder(SmallResNet((8, 16)))
        before = {name: p.clone() for name, p in model.named_parameters()}
        train_triplets(model, pictures, labels, sampler(labels), steps=3)
        assert all(not torch.equal(p, before[name]) for name, p in model.named_parameters())

    def test_calls_the_loss_and_the_miner_that_it_is_given(self):
        pictures, labels = striped_birds()
        calls = []

        def miner(distances, batch_labels):
            calls.append(("miner", tuple(distances.shape), distances.requires_grad))
            return semi_hard_triplets(distances, batch_labels)

        def loss(anchor, positive, negative):
            calls.append(("loss", anchor.shape[1], anchor.requires_grad))
            return triplet_loss(anchor, positive, negative)

        model = Embedder(SmallResNet((8, 16)))
        train_triplets(model, pictures, labels, sampler(labels), steps=2, loss=loss, miner=miner)
        assert calls == [("miner", (24, 24), False), ("loss", 16, True)] * 2

    def test_a_batch_without_triplets_changes_no_weight(self):
        pictures, labels = striped_birds()
        nothing = torch.zeros(0, dtype=torch.int64)
        model = Embedder(SmallResNet((8, 16)))
        before = {name: p.clone() for name, p in model.named_parameters()}
        history = train_triplets(
            model,
            pictures,
            labels,
            sampler(labels),
            steps=2,
            miner=lambda *_: (nothing, nothing, nothing),
        )
        assert history == [TrainingStep(0.0, 0)] * 2
        assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())

    def test_repeats_itself_after_the_same_seed(self):
        pictures, labels = striped_birds()

        def run():
            seed_everything(3)
            model = Embedder(SmallResNet((8, 16)))
            return train_triplets(
                model, pictures, labels, sampler(labels), steps=3, augment=mirror_and_shift
            )

        assert run() == run()

    def test_shows_progress_through_the_wrapper(self):
        pictures, labels = striped_birds()
        seen = []

        def progress(batches):
            for batch in batches:
                seen.append(len(batch))
                yield batch

        model = Embedder(SmallResNet((8, 16)))
        train_triplets(model, pictures, labels, sampler(labels), steps=7, progress=progress)
        assert seen == [24] * 7

    def test_says_when_there_are_no_batches(self):
        pictures, labels = striped_birds()
        with pytest.raises(ValueError, match="used up"):
            train_triplets(Embedder(), pictures, labels, iter([]), steps=1)

    def test_refuses_labels_of_another_length(self):
        pictures, labels = striped_birds()
        with pytest.raises(ValueError, match="48 images but 47 labels"):
            train_triplets(Embedder(), pictures, labels[1:], sampler(labels), steps=1)
