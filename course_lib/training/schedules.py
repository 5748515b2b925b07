"""Learning-rate schedules: functions of the progress alone.

A schedule maps progress, 0 at the first step and just below 1 at the last, to a factor in [0, 1] of
the peak learning rate. It remembers nothing, so that resuming a run needs no state of it.
"""

import math
from collections.abc import Callable

WARM_UP = 0.3  # of a one-cycle run is spent rising
START = 1 / 25  # of the peak, where it rises from


def constant(progress: float) -> float:
    """Return 1: the peak, always.

    Example:
        >>> constant(0.5)
        1.0
    """
    return 1.0


def cosine(progress: float) -> float:
    """Return half a wave of a cosine, from the peak down to 0.

    Source: Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017,
    eq. 5, without restarts.

    Example:
        >>> [round(cosine(progress), 3) for progress in (0, 0.5, 0.9)]
        [1.0, 0.5, 0.024]
    """
    return (1 + math.cos(math.pi * progress)) / 2


def one_cycle(progress: float) -> float:
    """Rise to the peak within the first three tenths, then fall to 0, both along a cosine.

    Source: Smith & Topin, "Super-Convergence", 2018; the shape is that of torch's ``OneCycleLR``,
    without its change of momentum.

    Example:
        >>> [round(one_cycle(progress), 3) for progress in (0, 0.15, 0.3, 0.9)]
        [0.04, 0.52, 1.0, 0.05]
    """
    if progress < WARM_UP:
        return START + (1 - START) * (1 - cosine(progress / WARM_UP))
    return cosine((progress - WARM_UP) / (1 - WARM_UP))


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "cosine": cosine,
    "one-cycle": one_cycle,
}
