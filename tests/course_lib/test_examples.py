"""Examples in docstrings: all of them run, and no public function or class is without.

An example runs with the names of its module, and in a folder of its own.
"""

import doctest
import inspect
import pkgutil
import random
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import course_lib

WITHOUT = {
    "course_lib.evaluation.backends.Hnswlib": "its library is not installed with the course",
    "course_lib.recipes.hashing.HashRuns": "trains networks on a data set on disk",
    "course_lib.recipes.ladder.train_recipe": "trains networks on a data set on disk",
}
"""What has no example, and why. Errors need none: the functions that raise them show them."""


def public_modules() -> list[str]:
    """Return the names of the library's modules, without those that begin with an underscore."""
    found = pkgutil.walk_packages(course_lib.__path__, "course_lib.")
    return [module.name for module in found if not module.name.rpartition(".")[2].startswith("_")]


def public_objects(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield path and value of functions and classes that a module defines, errors left out."""
    for name, value in vars(module).items():
        is_error = inspect.isclass(value) and issubclass(value, BaseException)
        if is_error or not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        if value.__module__ == module.__name__ and not name.startswith("_"):
            yield f"{module.__name__}.{name}", value


@pytest.fixture
def as_before() -> Iterator[None]:
    """Leave global generators and cuDNN's settings as the test finds them."""
    cudnn, numbers, states = torch.backends.cudnn, np.random.get_state(), random.getstate()
    before = cudnn.benchmark, cudnn.deterministic
    with torch.random.fork_rng(devices=[]):
        yield
    cudnn.benchmark, cudnn.deterministic = before
    np.random.set_state(numbers)
    random.setstate(states)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("as_before")
@pytest.mark.parametrize("name", public_modules())
def test_examples_run(name, tmp_path, monkeypatch):
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    complaints: list[str] = []
    for number, test in enumerate(doctest.DocTestFinder().find(import_module(name))):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)  # for examples that write files
        runner.run(test, out=complaints.append)
    assert not complaints, "".join(complaints)


@pytest.mark.parametrize("name", public_modules())
def test_public_functions_and_classes_have_examples(name):
    lacking = {
        path
        for path, value in public_objects(import_module(name))
        if ">>> " not in (value.__doc__ or "")
    }
    assert lacking == {path for path in WITHOUT if path.rpartition(".")[0] == name}
