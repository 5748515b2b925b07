"""What the loop is made of: batches, pairs, schedules, jitter, devices."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from course_lib.losses import smooth_ap_loss
from course_lib.networks import Embedder, SmallResNet
from course_lib.training import ShuffledBatches, Trainer, TrainingSettings, triplet_objective
from course_lib.training.augmentation import AUGMENTATIONS, jitter
from course_lib.training.batches import Place, endless
from course_lib.training.hardware import choose_device, choose_precision
from course_lib.training.objectives import (
    balanced_pairs,
    classification_objective,
    smooth_ap_objective,
)
from course_lib.training.schedules import SCHEDULES, one_cycle
from tests.course_lib.training.examples import images, sampler, striped_birds


class TestShuffledBatches:
    @given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 3))
    def test_processes_share_an_epoch_without_overlap(self, extra, batch_size, world_size):
        count = batch_size * world_size + extra
        ranks = [
            ShuffledBatches(count, batch_size, rank=rank, world_size=world_size)
            for rank in range(world_size)
        ]
        epochs = [list(batches) for batches in ranks]
        assert {len(epoch) for epoch in epochs} == {len(ranks[0])}
        taken = [index for epoch in epochs for batch in epoch for index in batch]
        assert len(set(taken)) == len(taken) == len(ranks[0]) * world_size * batch_size
        assert len(taken) > count - batch_size * world_size

    def test_each_epoch_has_an_order_of_its_own_that_repeats(self):
        batches = ShuffledBatches(30, 10, seed=4)
        first, second = list(batches), list(batches)
        batches.set_epoch(0)
        assert first == list(batches) != second
        assert first != list(ShuffledBatches(30, 10, seed=5))

    def test_refuses_fewer_images_than_a_batch(self):
        with pytest.raises(ValueError, match="n_images must be at least 32, got 31"):
            ShuffledBatches(31, 16, world_size=2)


class TestEndlessBatches:
    def test_go_on_from_any_place_as_if_they_had_not_stopped(self):
        dataset = TensorDataset(torch.arange(20.0), torch.arange(20))

        def labels(place, count):
            batches = endless(dataset, ShuffledBatches(20, 6), place)
            return [next(batches)[1].tolist() for _ in range(count)]

        everything = labels(Place(), 9)  # three passes of three batches
        assert [labels(Place(i // 3, i % 3), 1)[0] for i in range(9)] == everything
        assert labels(Place(0, 3), 1)[0] == everything[3]  # stopped just after a pass

    def test_draw_nothing_from_the_global_generator(self):
        dataset = TensorDataset(torch.arange(20.0), torch.arange(20))
        before = torch.get_rng_state()
        next(endless(dataset, ShuffledBatches(20, 6), Place()))
        assert torch.equal(torch.get_rng_state(), before)

    def test_can_be_loaded_ahead_by_other_processes(self):
        pictures, labels = striped_birds()
        dataset = TensorDataset(pictures, labels)
        ahead = endless(dataset, sampler(labels), Place(), workers=1)
        here = endless(dataset, sampler(labels), Place())
        for _ in range(6):  # into the second pass
            assert all(map(torch.equal, next(ahead), next(here)))


class TestBalancedPairs:
    def test_are_all_similar_ones_and_as_many_others_none_twice(self):
        labels = torch.tensor([0, 0, 0, 1, 1, 2, 3, 4])
        first, second, similar = balanced_pairs(labels, torch.Generator().manual_seed(0))
        assert torch.equal(labels[first] == labels[second], similar)
        assert (similar.sum(), (~similar).sum()) == (4, 4)
        assert (first < second).all()
        assert len(set(zip(first.tolist(), second.tolist(), strict=True))) == 8

    def test_every_dissimilar_pair_is_drawn_sometimes(self):
        labels = torch.tensor([0, 0, 1, 1])
        drawn = set()
        for seed in range(60):
            first, second, similar = balanced_pairs(labels, torch.Generator().manual_seed(seed))
            drawn |= set(zip(first[~similar].tolist(), second[~similar].tolist(), strict=True))
        assert drawn == {(0, 2), (0, 3), (1, 2), (1, 3)}

    def test_without_similar_ones_there_are_none(self):
        assert all(len(part) == 0 for part in balanced_pairs(torch.arange(5)))


class TestSmoothAPObjective:
    def test_lowers_the_loss_of_the_batch_that_it_learns_from(self):
        pictures, labels = striped_birds()
        model = Embedder(SmallResNet((8, 16)))
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        step = smooth_ap_objective(temperature=0.1)
        first, *_, last = (step(model, optimizer, pictures, labels).loss for _ in range(8))
        assert last < first
        assert last > smooth_ap_loss(model(pictures), labels, 0.1).item()  # before the last step


class TestSchedules:
    @given(st.sampled_from(sorted(SCHEDULES)), st.floats(0, 1))
    def test_stay_between_nothing_and_the_peak(self, name, progress):
        assert 0 <= SCHEDULES[name](progress) <= 1

    def test_one_cycle_rises_and_falls_without_a_jump(self):
        rates = [one_cycle(i / 1000) for i in range(1001)]
        top = rates.index(max(rates))
        assert (rates[0], rates[top], rates[-1]) == pytest.approx((1 / 25, 1, 0))
        assert top == 300
        assert rates[: top + 1] == sorted(rates[: top + 1])
        assert rates[top:] == sorted(rates[top:], reverse=True)
        assert max(abs(b - a) for a, b in pairwise(rates)) < 0.01

    def test_one_cycle_is_torchs(self):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        peer = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 1.0, total_steps=1001, final_div_factor=math.inf, cycle_momentum=False
        )
        for step in range(1001):
            assert one_cycle(step / 1000) == pytest.approx(peer.get_last_lr()[0], abs=0.006)
            optimizer.step()
            if step < 1000:
                peer.step()


class TestJitter:
    def test_repeats_with_the_generators_state_and_leaves_the_global_one(self):
        before = torch.get_rng_state()
        one, two = (jitter(images(5), generator=torch.Generator().manual_seed(1)) for _ in "ab")
        assert torch.equal(one, two)
        assert not torch.equal(one[0], images(5)[0])
        assert torch.equal(torch.get_rng_state(), before)

    def test_moves_by_more_where_the_strength_is_more(self):
        def change(strength):
            generator = torch.Generator().manual_seed(1)
            return (jitter(images(8), strength, generator=generator) - images(8)).abs().mean()

        assert change(0.001) < 0.02 < change(1)

    def test_keeps_a_grey_image_grey_but_for_its_colours_gain(self):
        grey = torch.full((20, 3, 8, 8), 0.5)
        changed = jitter(grey, generator=torch.Generator().manual_seed(0))
        assert (changed - changed[:, :, :1, :1]).abs().max() < 1e-6
        assert 0.4 <= changed.min() < 0.45 < 0.55 < changed.max() <= 0.6

    @pytest.mark.parametrize("name", sorted(set(AUGMENTATIONS) - {"none"}))
    def test_whatever_a_recipe_may_name_keeps_shape_and_range(self, name):
        changed = AUGMENTATIONS[name](images(4, 12))
        assert changed.shape == (4, 3, 12, 12)
        assert 0 <= changed.min() <= changed.max() <= 1


class TestHardware:
    def test_a_cpu_keeps_float32_unless_told_otherwise(self):
        cpu = choose_device("cpu")
        assert choose_precision("auto", cpu) == torch.float32
        assert choose_precision("bfloat16", cpu) == torch.bfloat16

    def test_a_compiled_model_is_trained_and_saved_under_the_same_names(self, monkeypatch):
        # The "eager" backend captures the graph as usual, but spares this test the C++ compiler.
        compile_ = torch.nn.Module.compile
        compiled = []

        def eagerly(module):
            compiled.append(module)
            compile_(module, backend="eager")

        monkeypatch.setattr(torch.nn.Module, "compile", eagerly)
        pictures, labels = striped_birds()
        model = Embedder(SmallResNet((8, 16)))
        names = list(model.state_dict())
        before = model.backbone[0].weight.detach().clone()
        settings = TrainingSettings(steps=3, compile=True, device="cpu")
        dataset = TensorDataset(pictures, labels)
        Trainer(model, dataset, sampler(labels), triplet_objective(), settings).run()
        assert compiled == [model]
        assert list(model.state_dict()) == names
        assert not torch.equal(model.backbone[0].weight, before)

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
    @pytest.mark.parametrize("precision", ["float32", "bfloat16"])
    def test_on_a_gpu_a_network_learns_as_on_the_cpu(self, precision):
        pictures, labels = striped_birds()
        model = Embedder(SmallResNet((8, 16)))
        settings = TrainingSettings(steps=40, device="cuda", precision=precision)
        dataset = TensorDataset(pictures, labels)
        outcome = Trainer(model, dataset, sampler(labels), triplet_objective(), settings).run()
        steps = outcome.log.steps
        assert sum(step.triplets for step in steps[-10:]) < sum(
            step.triplets for step in steps[:10]
        )


def test_smoothing_must_leave_something_for_the_class_itself():
    with pytest.raises(ValueError, match=r"smoothing must lie in \[0, 1\), got 1"):
        classification_objective(1)
