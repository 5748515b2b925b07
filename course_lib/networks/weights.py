"""Trained networks kept in files: tensors by name, and nothing that could run."""

from pathlib import Path

from safetensors.torch import load_file

from course_lib.networks.embedder import Embedder
from course_lib.validation import require_path


def load_embedder(path: str | Path) -> Embedder:
    """Build the course's embedder, with the weights of a file, ready to embed images.

    A file of weights holds tensors by their names, and no network: the network is built first, by
    the same code as for training, and takes every tensor under its name. Parameters and buffers
    both count: without the running statistics, batch normalisation would belong to another network.

    Args:
        path: a safetensors file of the ``state_dict()`` of an ``Embedder()``.

    Returns:
        An ``Embedder()`` with the file's tensors, in evaluation mode.

    Raises:
        TypeError: ``path`` is neither a string nor a path.
        FileNotFoundError: there is no such file.
        RuntimeError: a name or a shape in the file is not the embedder's, or is missing.

    Example:
        >>> import torch
        >>> from course_lib.training import save_weights
        >>> save_weights(Embedder().state_dict(), Path("embedder.safetensors"))
        >>> embedder = load_embedder("embedder.safetensors")
        >>> embedder(torch.rand(1, 3, 64, 64)).shape, embedder.training
        (torch.Size([1, 128]), False)
    """
    require_path(path)

    embedder = Embedder()
    embedder.load_state_dict(load_file(path))
    return embedder.eval()
