"""Argument checks, shared by the whole library.

Every function here is called ``require_...``, returns nothing, and raises a ``TypeError`` (wrong
kind of object) or a ``ValueError`` (right kind, wrong value) that names the argument and the
remedy. They look at types, shapes, dtypes and devices only, never at the elements of a tensor:
reading those would make the host wait for the GPU.
"""

import math
import operator
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Ids = Sequence[int] | np.ndarray | Tensor
"""Integer ids, one an image: a list, a NumPy array or a tensor on the CPU."""


def require_tensor(value: Any, name: str) -> None:
    """Refuse anything but a ``torch.Tensor``.

    Example:
        >>> require_tensor([1.0], "x")
        Traceback (most recent call last):
            ...
        TypeError: x must be a torch.Tensor, got list; convert it with torch.as_tensor
    """
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {type(value).__name__}; "
            "convert it with torch.as_tensor"
        )


def require_module(model: Any, name: str = "model") -> None:
    """Refuse anything but a ``torch.nn.Module``.

    Example:
        >>> require_module(nn.Linear(2, 1))
        >>> require_module(nn.Linear)
        Traceback (most recent call last):
            ...
        TypeError: model must be a torch.nn.Module, got type; make one of it by calling it
    """
    if not isinstance(model, nn.Module):
        made = "; make one of it by calling it" if isinstance(model, type) else ""
        raise TypeError(f"{name} must be a torch.nn.Module, got {type(model).__name__}{made}")


def require_embeddings(*, allow_empty: bool = False, **embeddings: Tensor) -> None:
    """Refuse anything but ``(N, D)`` floating-point tensors with at least one column.

    Args:
        allow_empty: accept ``N = 0``, as losses do for an empty selection.
        **embeddings: the tensors under the names that messages shall use.

    Example:
        >>> require_embeddings(x=torch.zeros(5, 3), y=torch.zeros(2, 3))
        >>> require_embeddings(x=torch.zeros(3))
        Traceback (most recent call last):
            ...
        ValueError: x must have shape (N, D), one row an image, got shape (3,)
    """
    for name, value in embeddings.items():
        require_floating(**{name: value})
        if value.ndim != 2:
            raise ValueError(
                f"{name} must have shape (N, D), one row an image, got shape {tuple(value.shape)}"
            )
        if value.shape[1] == 0 or (value.shape[0] == 0 and not allow_empty):
            raise ValueError(f"{name} is empty: shape {tuple(value.shape)}")


def require_floating(**tensors: Tensor) -> None:
    """Refuse anything but floating-point tensors.

    Example:
        >>> require_floating(x=torch.zeros(2))
        >>> require_floating(x=torch.tensor([1, 2]))
        Traceback (most recent call last):
            ...
        TypeError: x must be floating point, got torch.int64; convert it with x.float()
    """
    for name, value in tensors.items():
        require_tensor(value, name)
        if not value.is_floating_point():
            raise TypeError(
                f"{name} must be floating point, got {value.dtype}; convert it with {name}.float()"
            )


def require_same_kind(**tensors: Tensor) -> None:
    """Refuse tensors of different dtypes or on different devices.

    Example:
        >>> require_same_kind(x=torch.zeros(2), y=torch.zeros(3).double())
        Traceback (most recent call last):
            ...
        TypeError: x is torch.float32 but y is torch.float64; convert one with y.to(x.dtype)
    """
    (first_name, first), *others = tensors.items()
    for name, value in others:
        if value.dtype != first.dtype:
            raise TypeError(
                f"{first_name} is {first.dtype} but {name} is {value.dtype}; "
                f"convert one with {name}.to({first_name}.dtype)"
            )
        require_same_device(**{first_name: first, name: value})


def require_same_device(**tensors: Tensor) -> None:
    """Refuse tensors on different devices.

    Example:
        >>> require_same_device(x=torch.zeros(2), y=torch.zeros(2, device="meta"))
        Traceback (most recent call last):
            ...
        ValueError: x is on cpu but y is on meta; move one with y.to(x.device)
    """
    (first_name, first), *others = tensors.items()
    for name, value in others:
        if value.device != first.device:
            raise ValueError(
                f"{first_name} is on {first.device} but {name} is on {value.device}; "
                f"move one with {name}.to({first_name}.device)"
            )


def require_same_shape(**tensors: Tensor) -> None:
    """Refuse tensors of different shapes: nothing is broadcast silently.

    Example:
        >>> require_same_shape(x=torch.zeros(2, 3), y=torch.zeros(1, 3))
        Traceback (most recent call last):
            ...
        ValueError: x and y must have the same shape, got (2, 3) and (1, 3)
    """
    (first_name, first), *others = tensors.items()
    for name, value in others:
        if value.shape != first.shape:
            raise ValueError(
                f"{first_name} and {name} must have the same shape, "
                f"got {tuple(first.shape)} and {tuple(value.shape)}"
            )


def require_comparable(x: Tensor, y: Tensor | None, names: tuple[str, str] = ("x", "y")) -> None:
    """Refuse two sets of embeddings that have no distances: other width, dtype or device.

    Args:
        x: ``(N, D)`` embeddings.
        y: ``(M, D)`` embeddings, or None where ``x`` is compared with itself.
        names: the caller's names of the two.

    Example:
        >>> require_comparable(torch.zeros(2, 3), torch.zeros(5, 3))
        >>> require_comparable(torch.zeros(2, 3), torch.zeros(5, 4))
        Traceback (most recent call last):
            ...
        ValueError: x and y must have the same number of columns, got 3 and 4
    """
    x_name, y_name = names
    tensors = {x_name: x} if y is None else {x_name: x, y_name: y}
    require_embeddings(**tensors, allow_empty=False)
    if y is None:
        return
    require_same_kind(**tensors)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"{x_name} and {y_name} must have the same number of columns, "
            f"got {x.shape[1]} and {y.shape[1]}"
        )


def require_labels(labels: Tensor, name: str = "labels", *, of: Tensor | None = None) -> None:
    """Refuse anything but one integer label an image.

    Args:
        labels: ``(N,)`` integer tensor, N >= 1.
        name: the caller's name of the labels.
        of: the tensor whose N rows the labels describe; must have as many rows and share a device.

    Example:
        >>> require_labels(torch.tensor([3, 1, 3]))
        >>> require_labels(torch.tensor([3, 1, 3]), of=torch.zeros(2, 8))
        Traceback (most recent call last):
            ...
        ValueError: labels has 3 entries for 2 rows
    """
    require_tensor(labels, name)
    if labels.ndim != 1:
        raise ValueError(f"{name} must have shape (N,), got shape {tuple(labels.shape)}")
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise TypeError(f"{name} must be integers, got {labels.dtype}; convert them with .long()")
    if len(labels) == 0:
        raise ValueError(f"{name} is empty")
    if of is not None:
        if len(labels) != len(of):
            raise ValueError(f"{name} has {len(labels)} entries for {len(of)} rows")
        require_same_device(**{"the rows": of, name: labels})


def require_mask(mask: Tensor, name: str, *, of: Tensor) -> None:
    """Refuse anything but one bool a row of ``of``.

    Example:
        >>> require_mask(torch.tensor([1, 0]), "similar", of=torch.zeros(2, 8))
        Traceback (most recent call last):
            ...
        TypeError: similar must be bool, got torch.int64; say which value means True
    """
    require_tensor(mask, name)
    if mask.dtype != torch.bool:
        raise TypeError(f"{name} must be bool, got {mask.dtype}; say which value means True")
    if mask.shape != of.shape[:1]:
        raise ValueError(
            f"{name} must have shape ({len(of)},), one entry a row, got {tuple(mask.shape)}"
        )
    require_same_device(**{"the rows": of, name: mask})


def require_images(images: Tensor, name: str = "images") -> None:
    """Refuse anything but a non-empty floating-point ``(N, C, H, W)`` tensor.

    Example:
        >>> require_images(torch.zeros(3, 64, 64))
        Traceback (most recent call last):
            ...
        ValueError: images must have shape (N, C, H, W), got shape (3, 64, 64)
    """
    require_floating(**{name: images})
    if images.ndim != 4:
        raise ValueError(f"{name} must have shape (N, C, H, W), got shape {tuple(images.shape)}")
    if images.numel() == 0:
        raise ValueError(f"{name} is empty: shape {tuple(images.shape)}")


def require_items(dataset: Any, name: str = "dataset") -> None:
    """Refuse a data set without a length or without items.

    Example:
        >>> require_items([3, 1])
        >>> require_items([])
        Traceback (most recent call last):
            ...
        ValueError: dataset is empty
    """
    try:
        count = len(dataset)
    except TypeError:
        raise TypeError(
            f"{name} must have a length and items, got {type(dataset).__name__}; an iterator of "
            f"items becomes one as list({name})"
        ) from None
    if count == 0:
        raise ValueError(f"{name} is empty")


def require_ranking(relevant: Tensor, name: str = "relevant") -> None:
    """Refuse anything but ``(..., R)`` bools, R >= 1.

    Example:
        >>> require_ranking(torch.tensor([True, False]))
        >>> require_ranking(torch.tensor([1, 0]))
        Traceback (most recent call last):
            ...
        TypeError: relevant must be bool, got torch.int64; compare labels to get it
    """
    require_tensor(relevant, name)
    if relevant.dtype != torch.bool:
        raise TypeError(f"{name} must be bool, got {relevant.dtype}; compare labels to get it")
    if relevant.ndim == 0 or relevant.shape[-1] == 0:
        raise ValueError(f"{name} must have at least one rank, got shape {tuple(relevant.shape)}")


def require_scores(similarities: Tensor, relevant: Tensor) -> None:
    """Refuse anything but ``(Q, R)`` floating-point similarities with one bool each, R >= 1.

    Example:
        >>> require_scores(torch.zeros(1, 3), torch.tensor([[True, False]]))
        Traceback (most recent call last):
            ...
        ValueError: similarities and relevant must have the same shape, got (1, 3) and (1, 2)
    """
    require_embeddings(similarities=similarities, allow_empty=True)
    require_ranking(relevant)
    require_same_shape(similarities=similarities, relevant=relevant)
    require_same_device(similarities=similarities, relevant=relevant)


def require_integer_distances(distances: Tensor, relevant: Tensor) -> None:
    """Refuse anything but ``(Q, N)`` integer distances with one bool each, N >= 1.

    Example:
        >>> require_integer_distances(torch.zeros(1, 2), torch.tensor([[True, False]]))
        Traceback (most recent call last):
            ...
        TypeError: distances must be integers, got torch.float32
    """
    require_tensor(distances, "distances")
    if distances.is_floating_point() or distances.is_complex() or distances.dtype == torch.bool:
        raise TypeError(f"distances must be integers, got {distances.dtype}")
    if distances.ndim != 2:
        raise ValueError(f"distances must have shape (Q, N), got shape {tuple(distances.shape)}")
    require_ranking(relevant)
    require_same_shape(distances=distances, relevant=relevant)
    require_same_device(distances=distances, relevant=relevant)


def require_codes(codes: Tensor, name: str = "codes") -> None:
    """Refuse anything but an ``(N, C)`` tensor of real numbers or bools with C >= 1.

    Example:
        >>> require_codes(torch.tensor([[1, -1]]))
        >>> require_codes(torch.tensor([1, -1]))
        Traceback (most recent call last):
            ...
        ValueError: codes must have shape (N, C), one code a row, got shape (2,)
    """
    require_tensor(codes, name)
    if codes.is_complex():
        raise TypeError(f"{name} must be real numbers or bools, got {codes.dtype}")
    if codes.ndim != 2 or codes.shape[1] == 0:
        raise ValueError(
            f"{name} must have shape (N, C), one code a row, got shape {tuple(codes.shape)}"
        )


def require_attributes(attributes: Tensor, name: str = "attributes", *, of: Tensor) -> None:
    """Refuse anything but ``(N, A)`` bools, one row for each of the N >= 1 rows of ``of``.

    Example:
        >>> require_attributes(torch.zeros(2, 5), of=torch.zeros(2, 8))
        Traceback (most recent call last):
            ...
        TypeError: attributes must be bool, got torch.float32; say which value means True
    """
    require_tensor(attributes, name)
    if attributes.dtype != torch.bool:
        raise TypeError(f"{name} must be bool, got {attributes.dtype}; say which value means True")
    if attributes.ndim != 2 or len(attributes) != len(of):
        raise ValueError(
            f"{name} must have shape ({len(of)}, A), one row an image, "
            f"got {tuple(attributes.shape)}"
        )
    if attributes.numel() == 0:
        raise ValueError(f"{name} is empty: shape {tuple(attributes.shape)}")
    require_same_device(**{"the rows": of, name: attributes})


def require_packed(**packed: Tensor) -> None:
    """Refuse anything but ``(N, B)`` uint8 tensors of one width B >= 1.

    Example:
        >>> require_packed(x=torch.zeros(2, 4, dtype=torch.uint8))
        >>> require_packed(x=torch.zeros(2, 4))
        Traceback (most recent call last):
            ...
        TypeError: x must be uint8, got torch.float32; pack codes with pack_codes
    """
    widths = {}
    for name, value in packed.items():
        require_tensor(value, name)
        if value.dtype != torch.uint8:
            raise TypeError(f"{name} must be uint8, got {value.dtype}; pack codes with pack_codes")
        if value.ndim != 2 or value.shape[1] == 0:
            raise ValueError(
                f"{name} must have shape (N, B), one packed code a row, got {tuple(value.shape)}"
            )
        widths[name] = value.shape[1]
    if len(set(widths.values())) > 1:
        found = ", ".join(f"{name} {width}" for name, width in widths.items())
        raise ValueError(f"packed codes must be equally long, got bytes a row: {found}")


def require_index(index: Any, *, of: Tensor) -> None:
    """Refuse an index (None: no index) that cannot search, or that holds not one item a row.

    Example:
        >>> require_index(None, of=torch.zeros(2, 8))
        >>> require_index("faiss", of=torch.zeros(2, 8))
        Traceback (most recent call last):
            ...
        TypeError: index must have search() and a length, got str
    """
    if index is None:
        return
    if not hasattr(index, "search") or not hasattr(index, "__len__"):
        raise TypeError(f"index must have search() and a length, got {type(index).__name__}")
    if len(index) != len(of):
        raise ValueError(
            f"the index holds {len(index)} rows, the retrieval set has {len(of)}; "
            "build it of these embeddings"
        )


def require_found(found: Tensor, *, queries: Tensor) -> None:
    """Refuse anything but ``(Q, k)`` int64 row numbers, k >= 1, one row a query.

    Example:
        >>> require_found(torch.tensor([0, 1]), queries=torch.zeros(2, 8))
        Traceback (most recent call last):
            ...
        ValueError: found must have shape (2, k), one row a query, got (2,)
    """
    require_tensor(found, "found")
    if found.dtype != torch.int64:
        raise TypeError(f"found must be int64, got {found.dtype}; convert it with found.long()")
    if found.ndim != 2 or len(found) != len(queries) or found.shape[1] == 0:
        raise ValueError(
            f"found must have shape ({len(queries)}, k), one row a query, got {tuple(found.shape)}"
        )
    require_same_device(queries=queries, found=found)


def require_square_distances(distances: Tensor) -> None:
    """Refuse anything but a ``(B, B)`` floating-point matrix.

    Example:
        >>> require_square_distances(torch.zeros(2, 3))
        Traceback (most recent call last):
            ...
        ValueError: distances must be square, every image of the batch against every other, got ...
    """
    require_embeddings(distances=distances)
    if distances.shape[0] != distances.shape[1]:
        raise ValueError(
            "distances must be square, every image of the batch against every other, "
            f"got shape {tuple(distances.shape)}"
        )


def require_generator(generator: torch.Generator | None, *, on: Tensor) -> None:
    """Refuse a random generator that lives on another device than the tensor it serves.

    Example:
        >>> require_generator(torch.Generator(), on=torch.zeros(2))
        >>> require_generator(0, on=torch.zeros(2))
        Traceback (most recent call last):
            ...
        TypeError: generator must be a torch.Generator, got int
    """
    if generator is None:
        return
    if not isinstance(generator, torch.Generator):
        raise TypeError(f"generator must be a torch.Generator, got {type(generator).__name__}")
    if generator.device.type != on.device.type:
        raise ValueError(
            f"generator lives on {generator.device}, the tensors on {on.device}; "
            f"make it with torch.Generator({str(on.device)!r})"
        )


def require_positive(**numbers: float) -> None:
    """Refuse anything but finite real numbers above zero.

    Example:
        >>> require_positive(margin=0.2)
        >>> require_positive(margin=0)
        Traceback (most recent call last):
            ...
        ValueError: margin must be finite and greater than 0, got 0
    """
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{name} must be a number, got {type(value).__name__}")
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be finite and greater than 0, got {value}")


def require_integers(minimum: int, **numbers: int) -> None:
    """Refuse anything but integers of at least ``minimum``.

    Example:
        >>> require_integers(1, k=5, chunk_size=512)
        >>> require_integers(1, k=0)
        Traceback (most recent call last):
            ...
        ValueError: k must be at least 1, got 0
    """
    for name, value in numbers.items():
        try:
            too_small = operator.index(value) < minimum
        except TypeError:
            too_small = None
        if too_small is None or isinstance(value, bool):
            raise TypeError(f"{name} must be an integer, got {value!r}")
        if too_small:
            raise ValueError(f"{name} must be at least {minimum}, got {value}")


def require_at_most(limit: int, what: str, **numbers: int) -> None:
    """Refuse integers above ``limit``; ``what`` says what sets the limit.

    Example:
        >>> require_at_most(10, "the retrieval set has 10 rows", k=12)
        Traceback (most recent call last):
            ...
        ValueError: k is 12, but the retrieval set has 10 rows
    """
    for name, value in numbers.items():
        if value > limit:
            raise ValueError(f"{name} is {value}, but {what}")


def require_choice(choices: Sequence[str], **values: str) -> None:
    """Refuse any string but those of ``choices``.

    Example:
        >>> require_choice(("mean", "sum"), reduction="max")
        Traceback (most recent call last):
            ...
        ValueError: reduction must be one of 'mean', 'sum', got 'max'
    """
    for name, value in values.items():
        if value not in choices:
            raise ValueError(
                f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}"
            )


def require_path(path: Any, name: str = "path") -> None:
    """Refuse anything but a string or a path.

    Example:
        >>> require_path("weights.safetensors")
        >>> require_path(3)
        Traceback (most recent call last):
            ...
        TypeError: path must be a string or a Path, got int
    """
    if not isinstance(path, str | Path):
        raise TypeError(f"{name} must be a string or a Path, got {type(path).__name__}")


def require_ids(**ids: Ids) -> None:
    """Refuse anything but one-dimensional, non-empty integer ids of equal length.

    Example:
        >>> require_ids(category_ids=[0, 0], product_ids=[7, 8, 9])
        Traceback (most recent call last):
            ...
        ValueError: ids must come one an image in every list, got lengths category_ids 2, ...
    """
    lengths = {}
    for name, value in ids.items():
        array = np.asarray(value)
        if array.ndim != 1:
            raise ValueError(f"{name} must have shape (N,), got shape {array.shape}")
        if array.size == 0:
            raise ValueError(f"{name} is empty")
        if not np.issubdtype(array.dtype, np.integer):
            raise TypeError(
                f"{name} must be integers, got {array.dtype}; "
                "number names with np.unique(names, return_inverse=True)[1]"
            )
        lengths[name] = len(array)
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"ids must come one an image in every list, got lengths {found}")


def require_one_category_each(category_ids: Ids, product_ids: Ids) -> None:
    """Refuse a product whose images lie in more than one category.

    Example:
        >>> require_one_category_each([0, 0, 1], [7, 7, 8])
        >>> require_one_category_each([0, 1, 1], [7, 7, 8])
        Traceback (most recent call last):
            ...
        ValueError: product 7 lies in categories 0 and 1; a product belongs to one category, so ...
    """
    categories, products = np.asarray(category_ids), np.asarray(product_ids)
    order = np.argsort(products, kind="stable")
    categories, products = categories[order], products[order]
    torn = (products[1:] == products[:-1]) & (categories[1:] != categories[:-1])
    if torn.any():
        at = int(torn.argmax())
        raise ValueError(
            f"product {products[at]} lies in categories {categories[at]} and {categories[at + 1]}; "
            "a product belongs to one category, so give the two products different ids"
        )


def require_rank(rank: int, world_size: int) -> None:
    """Refuse a rank that is not one of ``world_size`` processes.

    Example:
        >>> require_rank(rank=2, world_size=2)
        Traceback (most recent call last):
            ...
        ValueError: rank must be below world_size 2, got 2
    """
    require_integers(1, world_size=world_size)
    require_integers(0, rank=rank)
    if rank >= world_size:
        raise ValueError(f"rank must be below world_size {world_size}, got {rank}")
