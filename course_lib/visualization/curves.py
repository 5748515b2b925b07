"""Curves over the steps of training."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_lib.visualization.drawing import (
    finished,
    new_figure,
)

DASHES = ("-", "--", ":", "-.")


def loss_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    xlabel: str = "step",
    ylabel: str = "loss",
    first: int = 1,
    smooth: int = 1,
    title: str = "Training",
) -> Figure:
    """Draw losses, or other figures, over the steps of training, a line for each name.

    Args:
        curves: name -> values, one for each step.
        xlabel: what the steps are.
        ylabel: what the values are.
        first: number of the first step.
        smooth: steps of the running mean that is drawn, >= 1; 1 draws the values as they are.
        title: title of the figure.

    Raises:
        ValueError: there is no curve, one is empty, or ``smooth`` is below 1.

    Example:
        >>> figure = loss_curves({"triplet": [0.4, 0.2, 0.1]})
        >>> print(figure.get_label())
        Training. Curves of loss, by step. triplet: from 0.4 to 0.1 in 3 values.
    """
    if not curves or any(len(values) == 0 for values in curves.values()) or smooth < 1:
        raise ValueError("loss_curves needs at least one curve, values in each, and smooth >= 1")
    figure, axes = new_figure(6.4, 3.6)
    for number, (name, values) in enumerate(curves.items()):
        width = min(smooth, len(values))
        means = np.convolve(np.asarray(values, dtype=float), np.ones(width) / width, mode="valid")
        steps = first - 1 + np.arange(width, len(values) + 1)
        axes.plot(steps, means, DASHES[number % len(DASHES)], linewidth=1.8, label=name)
    axes.set_xlabel(xlabel if smooth == 1 else f"{xlabel} (running mean of {smooth})")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel(ylabel)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.grid(alpha=0.3)
    if len(curves) > 1:
        axes.legend(handlelength=3.5)
    return finished(
        figure,
        title,
        f"Curves of {ylabel}, by {xlabel}. "
        + " ".join(
            f"{name}: from {values[0]:.3g} to {values[-1]:.3g} in {len(values)} values."
            for name, values in curves.items()
        ),
    )
