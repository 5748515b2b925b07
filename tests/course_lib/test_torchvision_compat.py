"""``import torchvision`` succeeds after ``import course_lib``, which itself stays cheap."""

import subprocess
import sys
import types
from importlib.machinery import ModuleSpec

import pytest

from course_lib import torchvision_compat


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


def test_torchvision_builds_a_network_once_course_lib_is_imported():
    done = run(
        "import course_lib, torch, torchvision;"
        "print(tuple(torchvision.models.resnet18()(torch.zeros(1, 3, 64, 64)).shape))"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(1, 1000)"


def test_importing_course_lib_imports_neither_torch_nor_torchvision_nor_numpy():
    done = run(
        "import sys, course_lib;"
        "print([name for name in ('torch', 'torchvision', 'numpy') if name in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_hook_is_installed_once():
    torchvision_compat.install()
    torchvision_compat.install()
    assert sys.meta_path.count(torchvision_compat._FINDER) == 1


class FakeFinder:
    """Stands for a torchvision whose extension did or did not load."""

    def __init__(self, has_ops):
        self.has_ops = has_ops

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name == "torchvision.extension" else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module._has_ops = lambda: self.has_ops


@pytest.mark.parametrize("has_ops", [True, False])
def test_operators_are_declared_only_where_the_extension_is_missing(monkeypatch, has_ops):
    declared = []
    finder = torchvision_compat._ExtensionFinder(mend=lambda: declared.append(1))
    monkeypatch.setattr(sys, "meta_path", [finder, FakeFinder(has_ops)])
    spec = finder.find_spec("torchvision.extension")
    module = types.ModuleType("torchvision.extension")
    spec.loader.exec_module(module)
    assert module._has_ops() is has_ops
    assert declared == ([] if has_ops else [1])


def test_other_modules_are_left_to_other_finders():
    assert torchvision_compat._FINDER.find_spec("torchvision") is None
    assert torchvision_compat._FINDER.find_spec("json") is None


def test_a_missing_torchvision_stays_missing(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [torchvision_compat._FINDER])
    assert torchvision_compat._FINDER.find_spec("torchvision.extension") is None
