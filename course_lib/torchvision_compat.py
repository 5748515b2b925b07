"""``import torchvision`` beside a torch that its binary extension was not built for.

PyPI's torchvision links CUDA libraries. Beside a CPU build of torch its extension does not load,
and torchvision then fails on import ("operator torchvision::nms does not exist"): it describes two
operators, ``nms`` and ``qnms``, that the extension should have declared. Declaring them is all that
models, transforms, data sets and utilities need. What needs the extension itself
(``torchvision.ops.nms``, detection models, ``torchvision.io.decode_*``) says so when called.

The clean way is a matched pair of wheels from PyTorch's own index; this is the fallback. Importing
``course_lib`` before ``torchvision`` is enough, in a notebook, a worker or a script: the package
installs an import hook that acts while torchvision is being imported, and only if its extension did
not load. A healthy installation is left alone, and neither torch nor torchvision is imported here.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_EXTENSION = "torchvision.extension"  # the module that loads the binary, or finds that it cannot
_libraries: list[Any] = []  # operators disappear with the library object that declared them


class _ExtensionFinder:
    """A finder of torchvision's extension module, which mends torchvision if it did not load.

    Args:
        mend: called when the extension did not load.
    """

    def __init__(self, mend: Callable[[], None]) -> None:
        self._mend = mend

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Part of the import protocol; None leaves a module to the next finder."""
        if name != _EXTENSION:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_then_cure(module: ModuleType) -> None:
            execute(module)
            if not getattr(module, "_has_ops", lambda: True)():
                self._mend()

        spec.loader.exec_module = execute_then_cure  # type: ignore[method-assign]
        return spec


def _declare_operators() -> None:
    """Declare the operators that torchvision describes whether its extension loaded or not."""
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _libraries.append(library)


_FINDER = _ExtensionFinder(_declare_operators)


def install() -> None:
    """Put the import hook in place; a second call changes nothing.

    Example:
        >>> install()
        >>> import torchvision
        >>> torchvision.models.__name__
        'torchvision.models'
    """
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
