"""The training loop, with evaluation, checkpoints and resumption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from course_lib.reproducibility import seed_everything
from course_lib.training.batches import Batches, Place, endless, floating
from course_lib.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    load_checkpoint,
    random_states,
    restore_random_states,
    save_checkpoint,
    save_weights,
)
from course_lib.training.distributed import World
from course_lib.training.hardware import InPrecision, choose_device, choose_precision
from course_lib.training.interruption import Interruption
from course_lib.training.log import LoggedStep, TrainingLog
from course_lib.training.objectives import Step
from course_lib.training.optimizers import build_optimizer, clip_before_each_step
from course_lib.training.schedules import SCHEDULES
from course_lib.training.settings import TrainingSettings
from course_lib.training.step import TrainingStep
from course_lib.validation import require_module

WEIGHTS = "weights.safetensors"

Evaluation = Callable[[nn.Module], Mapping[str, float]]
"""A model in evaluation mode -> metrics; the first of them chooses the best weights, the larger the
better."""


@dataclass(frozen=True)
class Outcome:
    """The end of a run.

    Attributes:
        finished: False when somebody stopped it; resume it from its folder.
        best: step and metrics of the evaluation whose weights the model now has; None without any.
        log: all steps and evaluations.

    Example:
        >>> Outcome(finished=True, best=(40, {"map": 0.5}), log=TrainingLog()).best
        (40, {'map': 0.5})
    """

    finished: bool
    best: tuple[int, dict[str, float]] | None
    log: TrainingLog


class Trainer:
    """A run of training: one model on one data set with one objective.

    A step is an objective of ``objectives``, or any function of the same form, such as
    :func:`~course_lib.training.training_step`. Everything else goes on around it: the model that it
    is handed computes on the chosen device and in the chosen precision, and gathers the outputs of
    all processes; the optimiser that it is handed clips gradients before it moves a weight.

    Args:
        model: trained in place, moved to the device, and left in evaluation mode. Freeze what shall
            be frozen before.
        dataset: ``dataset[list of indices]`` gives images ``(B, 3, H, W)``, floating point in
            [0, 1] or uint8, and labels ``(B,)``; a ``TensorDataset`` does.
        sampler: batches of its indices; in a distributed run one made with this process's rank.
        step: moves the weights once.
        settings: everything that is a number or a name.
        augment: changes a batch of images on the device; draws from torch's global generator.
        evaluate: measures the model every ``evaluate_every`` steps and at the end. Where it is
            given, the model ends with the weights of its best evaluation, not with its last
            weights.
        folder: folder of the run's files: ``weights.safetensors`` at the end, log, curves and
            checkpoint. None writes nothing.
        progress: show a progress bar.

    Raises:
        TypeError, ValueError: the model is none, has nothing to train, or the sampler is of another
            number of processes.

    Example:
        >>> from torch.utils.data import TensorDataset
        >>> from course_lib.networks import Embedder
        >>> from course_lib.training import ShuffledBatches, TrainingSettings, smooth_ap_objective
        >>> dataset = TensorDataset(torch.rand(8, 3, 32, 32), torch.arange(8) % 4)
        >>> settings = TrainingSettings(steps=2, device="cpu")
        >>> sampler = ShuffledBatches(8, batch_size=8)
        >>> outcome = Trainer(Embedder(), dataset, sampler, smooth_ap_objective(), settings).run()
        >>> outcome.finished, [step.step for step in outcome.log.steps]
        (True, [1, 2])
    """

    def __init__(
        self,
        model: nn.Module,
        dataset: Dataset[Any],
        sampler: Batches,
        step: Step,
        settings: TrainingSettings,
        *,
        augment: Callable[[Tensor], Tensor] | None = None,
        evaluate: Evaluation | None = None,
        folder: Path | None = None,
        progress: bool = False,
    ) -> None:
        require_module(model)
        self.world = World.current()
        if (sampler.rank, sampler.world_size) != (self.world.rank, self.world.size):
            raise ValueError(
                f"the sampler is of rank {sampler.rank} of {sampler.world_size}, this process of "
                f"rank {self.world.rank} of {self.world.size}: make it with those"
            )
        self.model = model
        self.dataset = dataset
        self.sampler = sampler
        self.step = step
        self.settings = settings
        self.augment = augment
        self.evaluate = evaluate
        self.folder = folder
        self.progress = progress and self.world.leads

        self.device = choose_device(settings.device)
        model.to(self.device)
        parameters = [p for p in model.parameters() if p.requires_grad]
        if not parameters:
            raise ValueError("the model has no parameter to train: all are frozen")
        self.optimizer = build_optimizer(
            settings.optimizer,
            parameters,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        if settings.clip_norm is not None:
            clip_before_each_step(self.optimizer, parameters, settings.clip_norm)
        self.generator = torch.Generator(self.device)
        if settings.compile:
            model.compile()
        precision = choose_precision(settings.precision, self.device)
        self.network = InPrecision(self.world.distribute(model), precision)

        self.steps_done = 0
        self.place = Place()
        self.log = TrainingLog()
        self.best_weights: dict[str, Tensor] | None = None

    def run(self, *, resume: bool = False) -> Outcome:
        """Train to the end, or until somebody presses Ctrl-C, and then save.

        Args:
            resume: go on from the folder's checkpoint, if it has one. Then every later number is
                the same as in a run without a break, bit for bit on a CPU with as many threads.

        Raises:
            CheckpointError: the checkpoint is damaged, or of a run with other settings.
            FloatingPointError: the loss is no longer finite.
        """
        checkpoint = load_checkpoint(self._run_folder) if resume else None
        if checkpoint is None:
            seed_everything(self.settings.seed + self.world.rank)
            self.generator.manual_seed(self.settings.seed)
        else:
            self._restore(checkpoint)
        with Interruption() as interruption:
            self._train(interruption)
        finished = self.steps_done == self.settings.steps
        if finished and self.best_weights is not None:
            self.model.load_state_dict(self.best_weights)
        if self.folder is not None and self.world.leads:
            if finished:
                save_weights(self.model.state_dict(), self.folder / WEIGHTS)
            self.log.write(self.folder)
            if self.log.steps:
                self.log.draw(self.folder)
        self.world.wait()
        self.model.eval()
        return Outcome(finished, self._best(), self.log)

    def _train(self, interruption: Interruption) -> None:
        settings = self.settings
        batches = endless(self.dataset, self.sampler, self.place, settings.workers)
        bar = tqdm(total=settings.steps, initial=self.steps_done, disable=not self.progress)
        self.model.train()
        start = perf_counter()
        with bar:
            while self.steps_done < settings.steps:
                learning_rate = self._set_learning_rate()
                taken = self._take_step(*next(batches))
                self.steps_done += 1
                self.place.batch += 1
                seconds = round(perf_counter() - start, 4)
                self.log.steps.append(LoggedStep(self.steps_done, *taken, learning_rate, seconds))
                if self._is_due(settings.evaluate_every) and self.evaluate is not None:
                    self._evaluate()
                stop = self.world.any(interruption.wanted)
                if self._is_due(settings.save_every) or stop:
                    self._save()
                bar.update()
                bar.set_postfix(self._shown(), refresh=False)
                if stop:
                    return
                start = perf_counter()

    def _take_step(self, images: Tensor, labels: Tensor) -> TrainingStep:
        images = floating(images.to(self.device, non_blocking=True))
        if self.augment is not None:
            images = self.augment(images)
        labels = self.world.gather(labels.to(self.device))
        taken = self.step(self.network, self.optimizer, images, labels, generator=self.generator)
        if not abs(taken.loss) < float("inf"):
            raise FloatingPointError(
                f"the loss is {taken.loss} at step {self.steps_done + 1}: lower learning_rate, or "
                "set clip_norm"
            )
        return taken

    def _set_learning_rate(self) -> float:
        progress = self.steps_done / self.settings.steps
        rate = self.settings.learning_rate * SCHEDULES[self.settings.schedule](progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return rate

    def _is_due(self, every: int | None) -> bool:
        at_end = self.steps_done == self.settings.steps
        return at_end or (every is not None and self.steps_done % every == 0)

    def _evaluate(self) -> None:
        """Measure in the leading process alone; the others hear what it found."""
        assert self.evaluate is not None
        self.model.eval()
        measured = {}
        if self.world.leads:
            measured = {name: float(value) for name, value in self.evaluate(self.model).items()}
        self.model.train()
        metrics = self.world.collect(measured)[0]
        before = self._best()
        self.log.evaluations[self.steps_done] = metrics
        if before is None or _leading(metrics) > _leading(before[1]):
            weights = self.model.state_dict()
            self.best_weights = {name: t.detach().clone() for name, t in weights.items()}

    def _best(self) -> tuple[int, dict[str, float]] | None:
        """Return the first of the best evaluations."""
        if not self.log.evaluations:
            return None
        return max(self.log.evaluations.items(), key=lambda item: _leading(item[1]))

    def _shown(self) -> dict[str, str]:
        shown = {"loss": f"{self.log.steps[-1].loss:.4f}"}
        if self.log.evaluations:
            name, value = next(iter(list(self.log.evaluations.values())[-1].items()))
            shown[name] = f"{value:.3f}"
        return shown

    @property
    def _run_folder(self) -> Path:
        if self.folder is None:
            raise CheckpointError("to resume a run give its folder")
        return self.folder

    def _save(self) -> None:
        if self.folder is None:
            return
        random = self.world.collect(random_states(self.generator))
        if self.world.leads:
            state = {
                "identity": self._identity(),
                "place": [self.place.epoch, self.place.batch],
                "random": random,
                "log": self.log.to_plain(),
            }
            checkpoint = Checkpoint(
                self.model.state_dict(), self.optimizer.state_dict(), state, self.best_weights
            )
            save_checkpoint(self.folder, self.steps_done, checkpoint)
        self.world.wait()

    def _restore(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.state
        for name, value in self._identity().items():
            if state["identity"].get(name) != value:
                raise CheckpointError(
                    f"{self.folder} was trained with {name} = {state['identity'].get(name)!r}, not "
                    f"{value!r}: resume with the same settings, or start in another folder"
                )
        self.model.load_state_dict(checkpoint.weights)
        self.optimizer.load_state_dict(checkpoint.optimizer)
        self.steps_done = state["step"]
        self.place = Place(*state["place"])
        self.log = TrainingLog.from_plain(state["log"])
        self.best_weights = None if checkpoint.best is None else dict(checkpoint.best)
        restore_random_states(state["random"][self.world.rank], self.generator)

    def _identity(self) -> dict[str, Any]:
        """Return what must be the same for a run to go on."""
        names = ("steps", "optimizer", "learning_rate", "weight_decay", "schedule", "seed")
        chosen = {name: getattr(self.settings, name) for name in names}
        return {**chosen, "processes": self.world.size}


def _leading(metrics: Mapping[str, float]) -> float:
    return next(iter(metrics.values()))
