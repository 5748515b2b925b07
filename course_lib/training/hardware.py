"""Device and precision of the computation."""

import torch
from torch import Tensor, nn

from course_lib.validation import require_choice

DEVICES = ("auto", "cuda", "mps", "cpu")
PRECISIONS = ("auto", "float32", "bfloat16")


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of a name; for ``"auto"`` a CUDA GPU, else Apple's (MPS), else the CPU.

    Raises:
        ValueError: the name is unknown, or this machine has no such device.

    Example:
        >>> choose_device("cpu")
        device(type='cpu')
    """
    require_choice(DEVICES, device=name)
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(kind for kind, there in available.items() if there)
    if not available[name]:
        raise ValueError(f'device "{name}" is not available here; take "auto" or "cpu"')
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the precision of convolutions; for ``"auto"`` bfloat16 where the device has it.

    CUDA GPUs since Ampere have units for bfloat16. Few CPUs do, and on the others it is emulated
    and slower; so a CPU keeps float32 unless told otherwise.

    Raises:
        ValueError: the name is unknown.

    Example:
        >>> choose_precision("auto", torch.device("cpu"))
        torch.float32
        >>> choose_precision("bfloat16", torch.device("cpu"))
        torch.bfloat16
    """
    require_choice(PRECISIONS, precision=name)
    if name == "auto":
        pays = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if pays else torch.float32
    return torch.bfloat16 if name == "bfloat16" else torch.float32


class InPrecision(nn.Module):
    """A model whose forward pass runs under autocast; its outputs are float32.

    bfloat16 has the range of float32, so that, unlike float16, it needs no scaling of the loss.

    Example:
        >>> model = InPrecision(nn.Linear(2, 1), torch.bfloat16)
        >>> model(torch.zeros(3, 2)).dtype
        torch.float32
    """

    def __init__(self, model: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.model = model
        self.dtype = dtype

    def forward(self, images: Tensor) -> Tensor:
        """Return what the model makes of the images."""
        if self.dtype == torch.float32:
            return self.model(images)
        with torch.autocast(images.device.type, self.dtype):
            return self.model(images).float()
