"""The embedder and its training loop: shapes, modes, what changes and what does not."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.losses import triplet_loss
from course_lib.mining import semi_hard_triplets
from course_lib.networks import Embedder, SmallResNet
from course_lib.reproducibility import seed_everything
from course_lib.sampling import CategoryProductBatchSampler
from course_lib.training import TrainingStep, embed, mirror_and_shift, train_triplets


def images(n, size=32):
    return torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(0))


def state_of(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def striped_birds(n_products=8, n_images=6):
    """Images that a tiny network can learn: each product has its colour, each image its noise."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(n_products).repeat_interleave(n_images)
    colours = torch.rand(n_products, 3, 1, 1, generator=generator)
    noise = torch.rand(len(labels), 3, 16, 16, generator=generator)
    return (colours[labels] + noise) / 2, labels


def sampler(labels):
    return CategoryProductBatchSampler(
        labels // 4, labels, n_categories=2, n_products=3, n_images=4, num_batches=5
    )


class TestSmallResNet:
    def test_has_about_300_000_parameters(self):
        count = sum(parameter.numel() for parameter in SmallResNet().parameters())
        assert 290_000 < count < 320_000

    def test_makes_4_x_4_maps_of_64_pixel_images(self):
        assert SmallResNet()(images(2, 64)).shape == (2, 128, 4, 4)

    def test_works_in_channels_last(self):
        features = SmallResNet()(images(2, 64).to(memory_format=torch.channels_last))
        assert features.is_contiguous(memory_format=torch.channels_last)


class TestEmbedder:
    def test_gives_unit_vectors(self):
        embeddings = Embedder()(images(5))
        assert embeddings.shape == (5, 128)
        assert torch.allclose(embeddings.norm(dim=1), torch.ones(5), atol=1e-6)

    def test_does_not_depend_on_the_scale_of_the_features(self):
        model = Embedder(nn.Conv2d(3, 8, 3, bias=False))
        before = model(images(4))
        with torch.no_grad():
            model.backbone.weight *= 100
        assert torch.allclose(model(images(4)), before, atol=1e-6)

    def test_lets_gradients_reach_every_layer(self):
        model = Embedder()
        model(images(4, 64))[:, 0].sum().backward()
        assert all(parameter.grad is not None for parameter in model.parameters())


class TestEmbed:
    def test_does_not_depend_on_the_batch_size(self):
        model = Embedder()
        assert torch.allclose(embed(model, images(9), 4), embed(model, images(9)), atol=1e-6)

    def test_changes_neither_the_model_nor_its_mode(self):
        model = Embedder().train()
        before = state_of(model)
        embeddings = embed(model, images(6))
        assert model.training
        assert not embeddings.requires_grad
        assert all(torch.equal(tensor, before[name]) for name, tensor in state_of(model).items())

    def test_refuses_integers_and_other_shapes(self):
        with pytest.raises(TypeError, match="images must be floating point"):
            embed(Embedder(), torch.zeros(2, 3, 8, 8, dtype=torch.uint8))
        with pytest.raises(ValueError, match=r"images must have shape \(N, C, H, W\)"):
            embed(Embedder(), torch.zeros(3, 8, 8))


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


class TestMirrorAndShift:
    def test_without_shift_only_mirrors(self):
        torch.manual_seed(0)
        originals = images(40, 8)
        changed = mirror_and_shift(originals, max_shift=0)
        mirrored = [torch.equal(c, o.flip(2)) for c, o in zip(changed, originals, strict=True)]
        kept = [torch.equal(c, o) for c, o in zip(changed, originals, strict=True)]
        assert all(m != k for m, k in zip(mirrored, kept, strict=True))
        assert 5 < sum(mirrored) < 35

    def test_shifts_by_at_most_the_given_pixels_and_repeats_edges(self):
        torch.manual_seed(0)
        ramp = torch.arange(10.0).expand(1, 3, 10, 10)
        for _ in range(30):
            row = mirror_and_shift(ramp, max_shift=3)[0, 0, 0]
            row = row if row[0] <= row[-1] else row.flip(0)
            shift = row[5] - 5 if row[5] - row[4] else torch.tensor(9.0)
            assert abs(shift) <= 3
            assert torch.equal(row, (torch.arange(10.0) + shift).clamp(0, 9))

    def test_keeps_shape_and_input(self):
        originals = torch.rand(3, 3, 12, 20)
        before = originals.clone()
        assert mirror_and_shift(originals).shape == originals.shape
        assert torch.equal(originals, before)


class TestSeedEverything:
    def test_repeats_python_numpy_and_torch(self):
        def draw():
            return random.random(), np.random.rand(), torch.rand(1).item()

        seed_everything(11)
        first = draw()
        seed_everything(11)
        assert draw() == first
        seed_everything(12)
        assert draw() != first

    @pytest.mark.parametrize(
        ("seed", "error"), [(-1, ValueError), (2**32, ValueError), (1.5, TypeError)]
    )
    def test_refuses_what_numpy_cannot_take(self, seed, error):
        with pytest.raises(error, match="seed must"):
            seed_everything(seed)
