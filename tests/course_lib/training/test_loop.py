"""The loop around a step: what it does to model, optimiser and files, and how it goes on."""

import csv
import json
import signal

import pytest
import torch
from safetensors.torch import load_file
from torch.utils.data import TensorDataset

from course_lib.networks import Classifier, Embedder, SmallResNet, freeze_batch_norm
from course_lib.training import (
    CheckpointError,
    ShuffledBatches,
    Trainer,
    TrainingSettings,
    TrainingStep,
    classification_objective,
    contrastive_objective,
    load_weights,
    mirror_and_shift,
    triplet_objective,
)
from tests.course_lib.training.examples import sampler, striped_birds

WEIGHTS = "weights.safetensors"


class Stopped(Exception):
    """As if the power had failed."""


def a_model():
    torch.manual_seed(0)
    model = Embedder(SmallResNet((8, 16)))
    freeze_batch_norm(model)
    return model


def a_trainer(folder=None, steps=8, *, step=None, model=None, evaluate=None, **settings):
    pictures, labels = striped_birds()
    return Trainer(
        a_model() if model is None else model,
        TensorDataset(pictures, labels),
        sampler(labels),
        step or triplet_objective(),
        TrainingSettings(**{"steps": steps, "device": "cpu", "save_every": 4, **settings}),
        augment=lambda images: mirror_and_shift(images, 1),
        evaluate=evaluate,
        folder=folder,
    )


def stopping_after(count):
    """A step that works so often, and then raises."""
    taken = []
    inner = triplet_objective()

    def step(*arguments, **named):
        if len(taken) == count:
            raise Stopped
        taken.append(1)
        return inner(*arguments, **named)

    return step


class TestResuming:
    @pytest.mark.parametrize("optimizer", ["adam", "sgd"])
    def test_a_run_that_was_killed_ends_with_the_bytes_of_one_that_was_not(
        self, tmp_path, optimizer
    ):
        settings = {"optimizer": optimizer, "schedule": "one-cycle", "weight_decay": 1e-3}
        a_trainer(tmp_path / "whole", 12, **settings).run()
        with pytest.raises(Stopped):
            # After step 9 of 12: the checkpoint is of step 8, within the sampler's second pass.
            a_trainer(tmp_path / "torn", 12, step=stopping_after(9), **settings).run()
        torch.rand(7)  # a new process is elsewhere in its random numbers
        outcome = a_trainer(tmp_path / "torn", 12, **settings).run(resume=True)
        assert outcome.finished
        for name in (WEIGHTS, f"step-{12:08d}/optimizer.safetensors"):
            whole, torn = tmp_path / "whole" / name, tmp_path / "torn" / name
            assert torn.read_bytes() == whole.read_bytes()

    def test_goes_on_with_log_and_best_weights(self, tmp_path):
        def falling(_):
            return {"recall": 1 / len(values.append(0) or values)}

        values = []
        with pytest.raises(Stopped):
            a_trainer(tmp_path, 8, step=stopping_after(6), evaluate=falling, evaluate_every=2).run()
        outcome = a_trainer(tmp_path, 8, evaluate=falling, evaluate_every=2).run(resume=True)
        assert outcome.best == (2, {"recall": 1.0})
        assert [step.step for step in outcome.log.steps] == list(range(1, 9))
        assert list(outcome.log.evaluations) == [2, 4, 6, 8]
        best = load_file(tmp_path / f"step-{8:08d}" / "best.safetensors")
        kept = load_file(tmp_path / WEIGHTS)
        assert all(torch.equal(best[name], kept[name]) for name in kept)

    def test_a_run_without_checkpoint_starts_at_the_beginning(self, tmp_path):
        assert a_trainer(tmp_path, 3).run(resume=True).finished

    def test_refuses_a_run_with_other_settings(self, tmp_path):
        a_trainer(tmp_path, 4).run()
        with pytest.raises(CheckpointError, match=r"trained with learning_rate = 0\.001, not 0\.1"):
            a_trainer(tmp_path, 4, learning_rate=0.1).run(resume=True)

    def test_names_a_damaged_file_and_the_remedy(self, tmp_path):
        a_trainer(tmp_path, 4).run()
        (tmp_path / f"step-{4:08d}" / "optimizer.safetensors").write_bytes(b"cut")
        with pytest.raises(CheckpointError, match=r"step-00000004 is damaged .*start the run anew"):
            a_trainer(tmp_path, 4).run(resume=True)

    def test_keeps_the_last_checkpoint_only(self, tmp_path):
        a_trainer(tmp_path, 8, save_every=2).run()
        assert [path.name for path in tmp_path.glob("*step*")] == ["step-00000008"]


class TestInterrupting:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ctrl_c_ends_the_step_saves_and_can_be_resumed(self, tmp_path, number):
        inner = triplet_objective()
        calls = []

        def step(*arguments, **named):
            calls.append(1)
            if len(calls) == 3:
                signal.raise_signal(number)
            return inner(*arguments, **named)

        before = signal.getsignal(number)
        outcome = a_trainer(tmp_path / "torn", 6, step=step).run()
        assert not outcome.finished
        assert len(outcome.log.steps) == 3
        assert not (tmp_path / "torn" / WEIGHTS).exists()
        assert signal.getsignal(number) == before
        assert a_trainer(tmp_path / "torn", 6).run(resume=True).finished
        a_trainer(tmp_path / "whole", 6).run()
        torn, whole = (tmp_path / name / WEIGHTS for name in ("torn", "whole"))
        assert torn.read_bytes() == whole.read_bytes()

    def test_the_second_ctrl_c_stops_at_once(self):
        def step(*_, **__):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            a_trainer(step=step).run()


class TestEvaluating:
    def test_the_model_ends_with_its_best_weights_and_in_evaluation_mode(self):
        seen = []

        def evaluate(model):
            assert not model.training
            seen.append({name: t.clone() for name, t in model.state_dict().items()})
            return {"recall": [0.1, 0.9, 0.9, 0.3][len(seen) - 1], "map": len(seen)}

        trainer = a_trainer(steps=8, evaluate=evaluate, evaluate_every=2)
        outcome = trainer.run()
        assert outcome.best == (4, {"recall": 0.9, "map": 2})
        assert all(torch.equal(t, seen[1][name]) for name, t in trainer.model.state_dict().items())
        assert not trainer.model.training

    def test_training_goes_on_in_training_mode(self):
        modes = []

        def step(model, *_, **__):
            modes.append(model.training)
            return TrainingStep(0.0, 0)

        model = Embedder(SmallResNet((8, 16)))
        a_trainer(
            steps=4, step=step, model=model, evaluate=lambda _: {"x": 0}, evaluate_every=1
        ).run()
        assert modes == [True] * 4


class TestSettings:
    def test_the_learning_rate_follows_the_schedule(self):
        steps = a_trainer(steps=10, schedule="one-cycle", learning_rate=0.1).run().log.steps
        rates = [step.learning_rate for step in steps]
        assert rates[0] == pytest.approx(0.1 / 25)
        assert max(rates) == rates[3] == pytest.approx(0.1)
        assert rates[3:] == sorted(rates[3:], reverse=True)

    def test_clipping_limits_the_norm_of_the_whole_gradient(self):
        norms = []

        def huge(model, optimizer, images, labels, *, generator):
            optimizer.zero_grad()
            (model(images)[:, 0].sum() * 1e6).backward()
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            optimizer.step()
            norms.append(torch.stack([p.grad.norm() for p in parameters]).norm().item())
            return TrainingStep(0.0, None)

        a_trainer(steps=2, step=huge, clip_norm=0.5).run()
        assert norms == pytest.approx([0.5, 0.5], rel=1e-4)

    def test_bfloat16_computes_features_in_it_and_embeddings_in_float32(self):
        dtypes = []

        def step(model, optimizer, images, labels, *, generator):
            dtypes.append(model(images).dtype)
            return triplet_objective()(model, optimizer, images, labels, generator=generator)

        model = a_model()
        model.backbone.register_forward_hook(lambda *given: dtypes.append(given[-1].dtype))
        outcome = a_trainer(steps=1, step=step, model=model, precision="bfloat16").run()
        assert dtypes[:2] == [torch.bfloat16, torch.float32]
        assert outcome.log.steps[0].triplets > 0

    def test_a_loss_that_is_not_finite_stops_the_run_with_a_remedy(self):
        with pytest.raises(FloatingPointError, match="nan at step 1: lower learning_rate"):
            a_trainer(step=lambda *_, **__: TrainingStep(float("nan"), None)).run()

    @pytest.mark.parametrize(
        ("setting", "text"),
        [
            ({"optimizer": "lion"}, "optimizer must be one of 'adam', 'adamw', 'sgd', got 'lion'"),
            ({"steps": 0}, "steps must be at least 1, got 0"),
            ({"schedule": "step"}, "schedule must be one of"),
            ({"clip_norm": -1.0}, "clip_norm must be finite and greater than 0"),
            ({"evaluate_every": 0}, "evaluate_every must be at least 1"),
        ],
    )
    def test_names_a_bad_setting(self, setting, text):
        with pytest.raises(ValueError, match=text):
            TrainingSettings(**{"steps": 1, **setting})

    @pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA GPU")
    def test_says_when_a_device_is_not_there(self):
        with pytest.raises(ValueError, match='device "cuda" is not available here; take "auto"'):
            a_trainer(device="cuda")


class TestObjectives:
    def test_a_classifier_learns_classes_and_leaves_a_better_embedder(self):
        pictures, labels = striped_birds()
        torch.manual_seed(0)
        model = Classifier(Embedder(SmallResNet((8, 16))), 8)
        outcome = Trainer(
            model,
            TensorDataset((pictures * 255).to(torch.uint8), labels),
            ShuffledBatches(len(labels), 16),
            classification_objective(),
            TrainingSettings(steps=60, learning_rate=1e-2, device="cpu"),
        ).run()
        losses = [step.loss for step in outcome.log.steps]
        assert losses[-1] < losses[0] / 3
        assert outcome.log.steps[0].triplets is None
        assert (model(pictures).argmax(dim=1) == labels).float().mean() > 0.9

    def test_contrastive_pairs_draw_from_the_runs_generator(self):
        losses = [
            [
                step.loss
                for step in a_trainer(steps=3, step=contrastive_objective(), seed=seed)
                .run()
                .log.steps
            ]
            for seed in (0, 0, 1)
        ]
        assert losses[0] == losses[1] != losses[2]


class TestFiles:
    def test_log_evaluations_curve_and_weights_lie_in_the_folder(self, tmp_path):
        a_trainer(tmp_path, 5, evaluate=lambda _: {"recall": 0.5}, evaluate_every=5).run()
        rows = list(csv.DictReader((tmp_path / "log.csv").open()))
        assert [row["step"] for row in rows] == ["1", "2", "3", "4", "5"]
        assert float(rows[0]["loss"]) > 0
        assert json.loads((tmp_path / "evaluations.json").read_text()) == {"5": {"recall": 0.5}}
        assert (tmp_path / "training.png").read_bytes().startswith(b"\x89PNG")
        model = a_model()
        load_weights(model, tmp_path / WEIGHTS)

    def test_weights_of_another_network_are_refused(self, tmp_path):
        a_trainer(tmp_path, 1).run()
        with pytest.raises(CheckpointError, match="weights of another model"):
            load_weights(SmallResNet(), tmp_path / WEIGHTS)
        with pytest.raises(CheckpointError, match="is missing"):
            load_weights(SmallResNet(), tmp_path / "none")
