"""What happened in a run: a table of steps, the evaluations, and a picture of the loss."""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

STEPS, EVALUATIONS, PICTURE = "log.csv", "evaluations.json", "loss.png"


@dataclass(frozen=True)
class LoggedStep:
    """One row of the table.

    Attributes:
        step: counted from 1.
        loss: of the batch.
        triplets: that were mined; None for a loss without triplets.
        learning_rate: that the step was taken with.
        seconds: since the step before.
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

    def draw(self, folder: Path, title: str = "Loss") -> None:
        """Write ``loss.png``: the loss of every step, and its running mean."""
        from course_lib.visualization import loss_curves  # here, since it needs matplotlib

        losses = [step.loss for step in self.steps]
        smooth = max(1, len(losses) // 20)
        figure = loss_curves({"loss": losses}, smooth=smooth, title=title)
        figure.savefig(folder / PICTURE, dpi=120)

    def to_plain(self) -> dict[str, Any]:
        """As data for JSON."""
        return {
            "steps": [list(asdict(step).values()) for step in self.steps],
            "evaluations": list(self.evaluations.items()),
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "TrainingLog":
        """What :meth:`to_plain` gave."""
        return cls(
            [LoggedStep(*row) for row in data["steps"]], dict(map(tuple, data["evaluations"]))
        )
