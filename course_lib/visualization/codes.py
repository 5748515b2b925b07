"""Pictures of codes: distances, lengths, the meaning of bits, and attention."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from PIL import Image

from course_lib.visualization.curves import DASHES
from course_lib.visualization.drawing import (
    THUMBNAIL,
    Picture,
    finished,
    new_figure,
    plain,
    thumbnail,
)

MARKERS = "osD^vPX"


def hamming_histograms(
    distances: Any, relevant: Any, n_bits: int, *, title: str = "Hamming distances of pairs"
) -> Figure:
    """Draw how many pairs are at each distance: relevant pairs, and all others.

    Args:
        distances: ``(Q, N)`` integers from 0 to ``n_bits``.
        relevant: ``(Q, N)`` bools; some are true and some are not.
        n_bits: length of the codes.
        title: title of the figure.

    Raises:
        ValueError: the shapes differ, or pairs of one kind are missing.

    Example:
        >>> figure = hamming_histograms([[0, 1, 7, 8]], [[True, True, False, False]], n_bits=8)
        >>> print(figure.get_label())
        Hamming distances of pairs. Histograms over 0 to 8 bits of 4 pairs. Mean distances: relevant
        0.5, others 7.5.
    """
    apart, alike = plain(distances), plain(relevant).astype(bool)
    if apart.shape != alike.shape or alike.all() or not alike.any():
        raise ValueError(
            f"distances {apart.shape} need as many bools, some true and some not; got "
            f"{alike.shape} with {int(alike.sum())} true"
        )
    figure, axes = new_figure(6.4, 3.2)
    words = []
    for name, chosen, dashes in (("relevant", alike, "-"), ("others", ~alike, "--")):
        shares = np.bincount(apart[chosen], minlength=n_bits + 1) / chosen.sum()
        axes.plot(shares, dashes, drawstyle="steps-mid", linewidth=2, label=name)
        words.append(f"{name} {apart[chosen].mean():.1f}")
    axes.set_xlabel(f"bits that differ, of {n_bits}")
    axes.set_ylabel("share of these pairs")
    axes.legend(handlelength=3.5)
    return finished(
        figure,
        title,
        f"Histograms over 0 to {n_bits} bits of {apart.size} pairs. Mean distances: "
        + ", ".join(words)
        + ".",
    )


def precision_curves(
    found: Mapping[str, Mapping[int, float]],
    *,
    level: float | None = None,
    title: str = "Mean average precision against code length",
) -> Figure:
    """Draw mean average precision over the length of codes, a line for each method.

    Args:
        found: method -> bits -> mean average precision.
        level: mean average precision of the vectors themselves, drawn as a line across; None draws
            no line.
        title: title of the figure.

    Raises:
        ValueError: there is no method, or one without a length.

    Example:
        >>> found = {"LSH": {12: 0.2, 48: 0.4}, "ITQ": {12: 0.3, 48: 0.5}}
        >>> figure = precision_curves(found, level=0.6)
        >>> print(figure.get_label())
        Mean average precision against code length. Mean average precision by bits of a code. LSH:
        0.20 at 12, 0.40 at 48. ITQ: 0.30 at 12, 0.50 at 48. Float vectors: 0.60.
    """
    if not found or not all(found.values()):
        raise ValueError("precision_curves needs at least one method, and a length for each")
    figure, axes = new_figure(6.8, 4.2)
    for number, (name, values) in enumerate(found.items()):
        style = MARKERS[number % len(MARKERS)] + DASHES[number % len(DASHES)]
        axes.plot(list(values), list(values.values()), style, label=name)
    if level is not None:
        axes.axhline(level, color="0.4", linewidth=3, alpha=0.35, zorder=0)  # beneath the methods
        axes.annotate("float vectors", (0.65, level), xycoords=("axes fraction", "data"),
                      xytext=(0, 4), textcoords="offset points", ha="center")  # fmt: skip
    lengths = sorted({bits for values in found.values() for bits in values})
    axes.set_xticks(lengths)
    axes.set_xlabel("bits of a code")
    axes.set_ylabel("mean average precision")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    figure.legend(handlelength=3.5, loc="outside lower center", ncols=2, fontsize=9)
    words = [
        f"{name}: " + ", ".join(f"{value:.2f} at {bits}" for bits, value in values.items()) + "."
        for name, values in found.items()
    ]
    words += [] if level is None else [f"Float vectors: {level:.2f}."]
    return finished(figure, title, "Mean average precision by bits of a code. " + " ".join(words))


def information_heat_map(
    information: Any, attribute_names: Sequence[str], *, title: str = "What each bit tells"
) -> Figure:
    """Draw the mutual information of bits and attributes as a heat map.

    Args:
        information: ``(C, A)``, in bits.
        attribute_names: A names. Those of one kind, by the text before ``::``, are neighbours in
            CUB's order: lines separate them, and each kind is named once.
        title: title of the figure.

    Raises:
        ValueError: there are not as many names as columns.

    Example:
        >>> names = ["has_crown_color::red", "has_crown_color::blue", "has_tail_shape::forked"]
        >>> figure = information_heat_map([[0.1, 0.0, 0.9], [0.2, 0.1, 0.0]], names)
        >>> print(figure.get_label())
        What each bit tells. Mutual information of 2 bits and 3 attributes. The most is 0.90, of bit
        0 and has_tail_shape::forked.
    """
    matrix = plain(information)
    if matrix.ndim != 2 or matrix.shape[1] != len(attribute_names):
        raise ValueError(
            f"{len(attribute_names)} attribute names need as many columns, got {matrix.shape}"
        )
    kinds = np.array([name.partition("::")[0] for name in attribute_names])
    starts = np.flatnonzero(np.r_[True, kinds[1:] != kinds[:-1]])
    centres = (starts + np.r_[starts[1:], len(kinds)] - 1) / 2
    figure, axes = new_figure(9, 1.8 + 0.12 * len(matrix))
    picture = axes.imshow(matrix, cmap="viridis", aspect="auto", vmin=0, interpolation="nearest")
    for start in starts[1:]:
        axes.axvline(start - 0.5, color="white", linewidth=0.8)
    names = [kind.removeprefix("has_").replace("_", " ") for kind in kinds[starts]]
    axes.set_xticks(centres, names, rotation=45, ha="right", fontsize=8)
    axes.set_xlabel("attribute, by kind")
    axes.set_ylabel("bit")
    figure.colorbar(picture, ax=axes, label="information in bits (bright: much)")
    bit, attribute = divmod(int(matrix.argmax()), matrix.shape[1])
    return finished(
        figure,
        title,
        f"Mutual information of {len(matrix)} bits and {len(kinds)} attributes. The most is "
        f"{matrix.max():.2f}, of bit {bit} and {attribute_names[attribute]}.",
    )


def attention_gallery(
    images: Sequence[Picture],
    maps: Any,
    parts: Sequence[Any] | None = None,
    *,
    names: Sequence[str] | None = None,
    title: str = "Where the network looks",
) -> Figure:
    """Draw images, one a row, each beside its maps: bright where the network looks.

    Args:
        images: N images, N >= 1.
        maps: ``(N, M, h, w)``; each is scaled by itself: dark at its lowest value, bright where its
            highest tenth is.
        parts: for each image ``(P, 3)``: x, y as shares of its width and height, and 1 where a part
            can be seen, which is marked with a ring; None marks nothing.
        names: M names of the maps; "map 1" and so on if None.
        title: title of the figure.

    Raises:
        ValueError: the lengths differ.

    Example:
        >>> figure = attention_gallery(np.random.rand(2, 64, 64, 3), np.random.rand(2, 3, 8, 8))
        >>> print(figure.get_label())
        Where the network looks. 2 images, one a row, each beside its 3 maps.
    """
    masks = plain(maps)
    if masks.ndim != 4 or len(masks) != len(images) or not len(images):
        raise ValueError(f"{len(images)} images need maps (N, M, h, w), got {masks.shape}")
    if parts is not None and len(parts) != len(images):
        raise ValueError(f"{len(images)} images need as many parts, got {len(parts)}")
    columns = masks.shape[1] + 1
    names = names or [f"map {number + 1}" for number in range(columns - 1)]
    figure = Figure(figsize=(1.35 * columns, 1.35 * len(images) + 0.6), layout="constrained")
    grid = figure.subplots(len(images), columns, squeeze=False)
    for row, (image, shown) in enumerate(zip(images, masks, strict=True)):
        pixels = thumbnail(image)
        lit = [pixels, *(_heated(pixels, mask) for mask in shown)]
        for axes, picture in zip(grid[row], lit, strict=True):
            axes.imshow(picture)
            axes.set_xticks([])
            axes.set_yticks([])
            if parts is not None:
                places = plain(parts[row])
                x, y = places[places[:, 2] > 0, :2].T * THUMBNAIL - 0.5
                axes.plot(x, y, "o", color="white", markersize=3, markeredgecolor="black")
    for axes, name in zip(grid[0], ["image", *names], strict=True):
        axes.set_title(name, fontsize=9)
    figure.supxlabel("the maps of an image" + ("" if parts is None else "; rings: its parts"))
    figure.supylabel("image")
    return finished(
        figure, title, f"{len(images)} images, one a row, each beside its {columns - 1} maps."
    )


def _heated(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Put the colours of a mask over grey pixels."""
    # A few places often have most of the attention; by their height all others would be dark.
    span = np.quantile(mask, 0.9) - mask.min()
    level = ((mask - mask.min()) / span).clip(0, 1) if span > 0 else np.ones_like(mask)
    scaled = Image.fromarray(level.astype(np.float32)).resize(
        (THUMBNAIL, THUMBNAIL), Image.Resampling.BILINEAR
    )
    colours = colormaps["magma"](np.asarray(scaled))[..., :3]
    grey = pixels.mean(axis=2, keepdims=True) / 255
    return (255 * (0.4 * grey + 0.6 * colours)).astype(np.uint8)
