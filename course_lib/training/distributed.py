"""Training in several processes: the loss sees the batches of all processes.

``torchrun --nproc-per-node 2 -m course_lib train CONFIG`` starts them. Each takes its share of the
sampler's batches; embeddings and labels are gathered, so that every process mines and computes the
loss of the whole batch. The gradient is the same as in one process with the whole batch. Batch
normalisation must be frozen, or each process normalises by its own share.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class World:
    """The processes that train together.

    Attributes:
        rank: number of this process, from 0.
        size: number of processes.

    Example:
        >>> here = World.current()
        >>> here, here.leads
        (World(rank=0, size=1), True)
        >>> here.gather(torch.tensor([3, 1])), here.collect("a value"), here.any(False)
        (tensor([3, 1]), ['a value'], False)
    """

    rank: int = 0
    size: int = 1

    @classmethod
    def current(cls) -> "World":
        """Return the processes of the default group; this process alone if there is no group."""
        if not (dist.is_available() and dist.is_initialized()):
            return cls()
        return cls(dist.get_rank(), dist.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this process evaluates, writes files and shows progress."""
        return self.rank == 0

    def distribute(self, model: nn.Module) -> nn.Module:
        """Return a model whose output is that of all processes' images, share after share."""
        return model if self.size == 1 else _OfAll(DistributedDataParallel(model))

    def gather(self, labels: Tensor) -> Tensor:
        """Return the labels of all processes, in the order of :meth:`distribute`'s outputs."""
        return labels if self.size == 1 else torch.cat(_gathered(labels))

    def any(self, here: bool) -> bool:
        """Say whether ``here`` is true in any of the processes; all must ask at the same time."""
        if self.size == 1:
            return here
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        flag = torch.tensor(int(here), device=device)
        dist.all_reduce(flag, dist.ReduceOp.MAX)
        return bool(flag.item())

    def collect(self, value: Any) -> list[Any]:
        """Return a plain value of every process, by rank."""
        values: list[Any] = [value] * self.size
        if self.size > 1:
            dist.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Go on when every process is here."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def world() -> Iterator[World]:
    """Connect the processes that torchrun started for a block; else yield this process alone.

    Example:
        >>> with world() as here:
        ...     print(here)
        World(rank=0, size=1)
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ or dist.is_initialized():
        yield World.current()
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield World.current()
    finally:
        dist.destroy_process_group()


class _OfAll(nn.Module):
    """A model that gathers the outputs of all processes."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return _Gather.apply(self.model(images))


class _Gather(torch.autograd.Function):
    """A concatenation of all processes' rows; the gradients of a process's own rows are summed.

    Every process computes the same loss of the same rows, so that the sum over W processes is W
    times its gradient; DistributedDataParallel then divides by W.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.rows = len(rows)
        return torch.cat(_gathered(rows))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        start = dist.get_rank() * ctx.rows
        return total[start : start + ctx.rows]


def _gathered(tensor: Tensor) -> list[Tensor]:
    """Gather the tensors of all processes, which have the same shape, by rank."""
    tensors = [torch.empty_like(tensor) for _ in range(dist.get_world_size())]
    dist.all_gather(tensors, tensor.contiguous())
    return tensors
