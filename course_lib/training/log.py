"""The log of a run: a table of steps, the evaluations, and a picture of both."""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

STEPS, EVALUATIONS, PICTURE = "log.csv", "evaluations.json", "training.png"


@dataclass(frozen=True)
class LoggedStep:
    """One row of the table: a step of training.

    Attributes:
        step: counted from 1.
        loss: loss of the batch.
        triplets: number of mined triplets; None for a loss without triplets.
        learning_rate: learning rate of the step.
        seconds: time since the step before.

    Example:
        >>> LoggedStep(step=1, loss=0.2, triplets=35, learning_rate=0.001, seconds=0.1).triplets
        35
    """

    step: int
    loss: float
    triplets: int | None
    learning_rate: float
    seconds: float


@dataclass
class TrainingLog:
    """All steps and evaluations of a run.

    Attributes:
        steps: in order.
        evaluations: step after which it was made -> metric -> value.

    Example:
        >>> log = TrainingLog([LoggedStep(1, 0.2, 35, 0.001, 0.1)], {1: {"map": 0.5}})
        >>> log.write(Path("run"))
        >>> print((Path("run") / "log.csv").read_text())
        step,loss,triplets,learning_rate,seconds
        1,0.2,35,0.001,0.1
        >>> TrainingLog.from_plain(log.to_plain()) == log
        True
    """

    steps: list[LoggedStep] = field(default_factory=list)
    evaluations: dict[int, dict[str, float]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write ``log.csv``, and ``evaluations.json`` where there are some."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / STEPS).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(LoggedStep.__dataclass_fields__))
            writer.writeheader()
            writer.writerows(map(asdict, self.steps))
        if self.evaluations:
            text = json.dumps({str(step): e for step, e in self.evaluations.items()}, indent=1)
            (folder / EVALUATIONS).write_text(text + "\n", encoding="utf-8")

    def draw(self, folder: Path) -> None:
        """Write ``training.png``: running mean of the loss, and the metrics of the evaluations."""
        from matplotlib.figure import Figure  # here, since a run without a folder draws nothing

        figure = Figure(figsize=(9, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        width = max(1, len(self.steps) // 20)
        losses = np.array([step.loss for step in self.steps])
        means = np.convolve(losses, np.ones(width) / width, mode="valid")
        left.plot([step.step for step in self.steps[width - 1 :]], means)
        left.set(
            xlabel="step", ylabel=f"loss, mean of {width} steps", ylim=(0, 1.05 * means.max() or 1)
        )
        names = next(iter(self.evaluations.values()), {})
        for name, line in zip(names, cycle(("o-", "s--", "^:", "d-."))):
            values = [metrics[name] for metrics in self.evaluations.values()]
            right.plot(list(self.evaluations), values, line, label=name)
        right.set(xlabel="step", ylabel="validation")
        if names:
            right.legend(handlelength=3.5)
        for axes in (left, right):
            axes.grid(alpha=0.3)
        figure.savefig(folder / PICTURE, dpi=120)

    def to_plain(self) -> dict[str, Any]:
        """Return the log as data for JSON."""
        return {
            "steps": [list(asdict(step).values()) for step in self.steps],
            "evaluations": list(self.evaluations.items()),
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "TrainingLog":
        """Make a log of what :meth:`to_plain` gave."""
        return cls(
            [LoggedStep(*row) for row in data["steps"]], dict(map(tuple, data["evaluations"]))
        )
