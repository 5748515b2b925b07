"""One step on a batch: what it computes, what it changes, and what it leaves alone."""

import copy

import pytest
import torch
from torch import nn

from course_lib.distances import pairwise_squared_distances
from course_lib.losses import triplet_loss
from course_lib.mining import semi_hard_triplets
from course_lib.networks import Embedder, SmallResNet, freeze_batch_norm
from course_lib.training import TrainingStep, training_step
from tests.course_lib.training.examples import sampler, striped_birds


def a_batch():
    pictures, labels = striped_birds()
    batch = next(iter(sampler(labels)))
    return pictures[batch], labels[batch]


def a_model(seed=0):
    torch.manual_seed(seed)
    model = Embedder(SmallResNet((8, 16)))
    freeze_batch_norm(model)
    return model.train()


def trained(model):
    return [p for p in model.parameters() if p.requires_grad]


class TestTrainingStep:
    def test_takes_the_step_of_the_loss_of_the_mined_triplets(self):
        images, labels = a_batch()
        model, twin = a_model(), a_model()
        step = training_step(
            model,
            torch.optim.SGD(trained(model), lr=0.1),
            images,
            labels,
            margin=0.3,
            generator=torch.Generator().manual_seed(5),
        )
        embeddings = twin(images)
        a, p, n = semi_hard_triplets(
            pairwise_squared_distances(embeddings.detach()),
            labels,
            0.3,
            generator=torch.Generator().manual_seed(5),
        )
        loss = triplet_loss(embeddings[a], embeddings[p], embeddings[n], 0.3)
        loss.backward()
        assert step == (pytest.approx(loss.item()), len(a))
        assert step.triplets > 0
        for moved, parameter in zip(trained(model), trained(twin), strict=True):
            expected = parameter - 0.1 * parameter.grad
            assert torch.allclose(moved, expected, atol=1e-7)
            assert not torch.equal(moved, parameter)

    def test_does_not_add_to_gradients_from_before(self):
        images, labels = a_batch()
        model, twin = a_model(), a_model()
        for parameter in trained(model):
            parameter.grad = torch.full_like(parameter, 100.0)
        for one in (model, twin):
            optimizer = torch.optim.SGD(trained(one), lr=0.1)
            generator = torch.Generator().manual_seed(5)
            training_step(one, optimizer, images, labels, generator=generator)
        assert all(map(torch.equal, trained(model), trained(twin)))

    def test_a_batch_without_triplets_leaves_weights_and_momentum_alone(self):
        images, labels = a_batch()
        model = a_model()
        optimizer = torch.optim.Adam(trained(model), lr=0.1)
        training_step(model, optimizer, images, labels)
        weights = copy.deepcopy(model.state_dict())
        moments = copy.deepcopy(optimizer.state_dict())
        strangers = torch.arange(len(images))  # no image has a positive
        assert training_step(model, optimizer, images, strangers) == TrainingStep(0.0, 0)
        assert all(torch.equal(model.state_dict()[name], w) for name, w in weights.items())
        for key, state in optimizer.state_dict()["state"].items():
            old = moments["state"][key]
            assert all(torch.equal(torch.as_tensor(state[k]), torch.as_tensor(old[k])) for k in old)

    def test_draws_from_the_generator_alone(self):
        images, labels = a_batch()
        model = a_model()
        optimizer = torch.optim.SGD(trained(model), lr=0.1)
        before = torch.get_rng_state()
        training_step(model, optimizer, images, labels, generator=torch.Generator().manual_seed(1))
        assert torch.equal(torch.get_rng_state(), before)

    def test_overfits_one_batch(self):
        images, labels = a_batch()
        model = a_model()
        optimizer = torch.optim.Adam(trained(model), lr=3e-3)
        steps = [training_step(model, optimizer, images, labels) for _ in range(60)]
        assert steps[0].triplets > 20
        assert steps[-1].triplets < 10

    def test_names_what_is_wrong_with_its_arguments(self):
        images, labels = a_batch()
        model = a_model()
        optimizer = torch.optim.SGD(trained(model), lr=0.1)
        with pytest.raises(ValueError, match="labels has 23 entries for 24 rows"):
            training_step(model, optimizer, images, labels[1:])
        with pytest.raises(ValueError, match="margin must be finite and greater than 0"):
            training_step(model, optimizer, images, labels, margin=0)
        with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module"):
            training_step(nn.functional.relu, optimizer, images, labels)
