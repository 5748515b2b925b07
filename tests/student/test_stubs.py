"""A stub of the library finds the student's own answer."""

import json
import sys
import time
from types import SimpleNamespace

import pytest

from autograder.course.editions import write_edition
from autograder.releasing.manifest import manifest_for
from autograder.student.stubs import AnswerError, is_stub, unanswered
from autograder.testing.errors import NotDoneYet

SETUP = "import math\nHALF = 0.5"
DOT = "def dot(x, y):\n    return sum(a * b for a, b in zip(x, y))"


@unanswered("dot")
def dot(x, y):
    """Inner product."""


@unanswered("running_mean")
class RunningMean:
    """Mean of the values seen so far."""

    def update(self, value):
        """Take in one value."""


@pytest.fixture
def notebook_variables(monkeypatch):
    """What the running notebook defines."""
    main = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main


@pytest.fixture
def workspace(tiny_course, tmp_path, monkeypatch, notebook_variables):
    """An unpacked release of 02; the kernel runs in it. Writes notebooks: `workspace(dot=...)`."""
    root = tmp_path / "tiny-1.0"
    root.mkdir()
    manifest = manifest_for(tiny_course, tiny_course.assignment("02"), version="1.0")
    (root / "manifest.json").write_text(json.dumps(manifest.to_json()), encoding="utf-8")
    write_edition(tiny_course, root, stubs={"dot", "norm", "running_mean"})
    monkeypatch.chdir(root)
    monkeypatch.syspath_prepend(str(root))

    def write(name="01_vectors.ipynb", folder=root, setup=SETUP, **answers):
        cells = [("setup", setup), *((f"ex-{id}", source) for id, source in answers.items())]
        notebook = {
            "cells": [
                {"cell_type": "code", "id": id, "metadata": {}, "source": source}
                for id, source in cells
            ]
        }
        (folder / name).write_text(json.dumps(notebook), encoding="utf-8")
        return folder / name

    write.root = root
    yield write
    for module in [name for name in sys.modules if name.split(".")[0] == "tiny_lib"]:
        del sys.modules[module]


def test_the_definition_in_the_running_notebook_comes_first(workspace, notebook_variables):
    workspace(dot=DOT)
    notebook_variables.dot = lambda x, y: "running"
    assert dot([1], [2]) == "running"


def test_importing_the_stub_is_no_definition(workspace, notebook_variables):
    notebook_variables.dot = dot
    workspace(dot=DOT)
    assert dot([1, 2], [3, 4]) == 11


def test_a_variable_of_the_same_name_is_no_definition(workspace, notebook_variables):
    notebook_variables.dot = 11
    workspace(dot=DOT)
    assert dot([1, 2], [3, 4]) == 11


def test_the_answer_in_an_earlier_notebook_is_found(workspace):
    workspace(dot=DOT)
    assert dot([1, 2], [3, 4]) == 11


def test_the_set_up_cell_of_the_earlier_notebook_holds_for_its_answers(workspace):
    workspace(dot="def dot(x, y):\n    return HALF")
    assert dot([], []) == 0.5


def test_an_answer_that_was_changed_is_read_again(workspace):
    path = workspace(dot="def dot(x, y):\n    return 1")
    assert dot([], []) == 1
    workspace(dot="def dot(x, y):\n    return 22")
    assert path.stat().st_size
    assert dot([], []) == 22


def test_an_answer_is_run_once(workspace):
    workspace(dot="calls = []\ndef dot(x, y):\n    calls.append(1)\n    return len(calls)")
    assert [dot([], []) for _ in range(3)] == [1, 2, 3]


def test_an_answer_in_a_workspace_of_another_version_is_found(workspace, tmp_path):
    older = tmp_path / "tiny-0.9"
    older.mkdir()
    manifest = (workspace.root / "manifest.json").read_text(encoding="utf-8")
    (older / "manifest.json").write_text(manifest, encoding="utf-8")
    workspace(folder=older, dot=DOT)
    assert dot([1, 2], [3, 4]) == 11


def test_a_workspace_of_another_course_is_left_alone(workspace, tmp_path):
    other = tmp_path / "tiny-0.9"
    other.mkdir()
    manifest = json.loads((workspace.root / "manifest.json").read_text(encoding="utf-8"))
    (other / "manifest.json").write_text(
        json.dumps({**manifest, "course": "Another"}), encoding="utf-8"
    )
    workspace(folder=other, dot=DOT)
    with pytest.raises(NotDoneYet):
        dot([1], [2])


def test_an_answer_that_is_a_class_is_constructed(workspace):
    workspace(
        "02_streams.ipynb",
        running_mean="class RunningMean:\n    def update(self, value):\n        return value",
    )
    assert RunningMean().update(7) == 7


def test_without_an_answer_the_message_names_notebook_and_exercise(workspace):
    with pytest.raises(NotDoneYet, match=r'write it in 01_vectors\.ipynb, .*"Inner product"'):
        dot([1], [2])


def test_an_untouched_stub_in_the_notebook_gives_the_same_message(workspace, notebook_variables):
    workspace(
        setup="from autograder.testing.errors import NotDoneYet",
        dot="def dot(x, y):\n    raise NotDoneYet",
    )
    with pytest.raises(NotDoneYet, match=r"write it in 01_vectors\.ipynb"):
        dot([1], [2])


def test_an_answer_that_needs_another_missing_answer_names_that_one(workspace):
    def needs_another(x, y):
        raise NotDoneYet("norm has no answer yet")

    sys.modules["__main__"].dot = needs_another
    with pytest.raises(NotDoneYet, match="norm has no answer yet"):
        dot([1], [2])


def test_an_answer_that_raises_when_defined_is_named(workspace):
    workspace(dot="half = 1 / 0\n" + DOT)
    with pytest.raises(AnswerError, match=r"dot in 01_vectors\.ipynb raised ZeroDivisionError"):
        dot([1], [2])


def test_a_damaged_notebook_is_named(workspace):
    (workspace.root / "01_vectors.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(AnswerError, match=r"01_vectors\.ipynb is damaged"):
        dot([1], [2])


def test_outside_a_workspace_the_message_names_the_exercise(
    tmp_path, monkeypatch, notebook_variables
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotDoneYet, match=r"dot has no answer yet \(exercise dot\)"):
        dot([1], [2])


def test_stubs_are_known_as_such():
    assert is_stub(dot)
    assert is_stub(RunningMean)
    assert not is_stub(time.time)
    assert dot.__doc__ == "Inner product."
