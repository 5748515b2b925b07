"""The settings of a run of training, apart from model, data and loss."""

from dataclasses import dataclass

from course_lib.training.hardware import DEVICES, PRECISIONS
from course_lib.training.optimizers import OPTIMIZERS
from course_lib.training.schedules import SCHEDULES
from course_lib.validation import require_choice, require_integers, require_positive


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """The settings of a run of training: all that is a number or a name.

    Attributes:
        steps: batches to train on, >= 1.
        optimizer: ``"adam"``, ``"adamw"``, or ``"sgd"`` with Nesterov momentum 0.9.
        learning_rate: peak of the learning rate, > 0.
        weight_decay: weight decay of the optimiser, >= 0.
        schedule: ``"constant"``, ``"cosine"`` or ``"one-cycle"``; see ``schedules``.
        clip_norm: largest norm of the whole gradient, > 0; None leaves the gradient unchanged.
        evaluate_every: steps between evaluations, which are also made at the end; None for the end
            alone.
        save_every: steps between checkpoints, which are also written at the end; None for the end
            alone.
        seed: seed of augmentation and mining, 0 <= seed < 2**32. Weights and batches have seeds of
            their own.
        device: ``"auto"``, ``"cuda"``, ``"mps"`` or ``"cpu"``.
        precision: ``"auto"``, ``"float32"`` or ``"bfloat16"``; see ``hardware``.
        compile: let torch.compile translate the model, which takes a minute once.
        workers: processes that load images ahead; 0 where they are in memory.

    Raises:
        TypeError, ValueError: a setting is not as said above.

    Example:
        >>> TrainingSettings(steps=200, schedule="one-cycle").learning_rate
        0.001
        >>> TrainingSettings(steps=200, schedule="triangle")
        Traceback (most recent call last):
            ...
        ValueError: schedule must be one of 'constant', 'cosine', 'one-cycle', got 'triangle'
    """

    steps: int
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: str = "constant"
    clip_norm: float | None = None
    evaluate_every: int | None = None
    save_every: int | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    compile: bool = False
    workers: int = 0

    def __post_init__(self) -> None:
        require_integers(1, steps=self.steps)
        require_integers(0, seed=self.seed, workers=self.workers)
        require_choice(tuple(OPTIMIZERS), optimizer=self.optimizer)
        require_choice(tuple(SCHEDULES), schedule=self.schedule)
        require_choice(DEVICES, device=self.device)
        require_choice(PRECISIONS, precision=self.precision)
        require_positive(learning_rate=self.learning_rate)
        if self.weight_decay != 0:
            require_positive(weight_decay=self.weight_decay)
        if self.clip_norm is not None:
            require_positive(clip_norm=self.clip_norm)
        for name in ("evaluate_every", "save_every"):
            if getattr(self, name) is not None:
                require_integers(1, **{name: getattr(self, name)})
