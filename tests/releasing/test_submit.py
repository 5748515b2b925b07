"""Before handing in: public checks in a clean kernel, an honest word on the rest, and a zip."""

import json
import os
import subprocess
import sys
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

from autograder.student.manifest import ExerciseEntry
from autograder.student.submit import _outcome, check_notebook, submit
from autograder.student.workspace import digest

DOT = "def dot(x, y):\n    return float(sum(a * b for a, b in zip(x, y)))"
NORM = "def norm(x):\n    return dot(x, x) ** 0.5"
MEAN_OF_LENGTHS = (
    "class RunningMean:\n"
    "    def __init__(self):\n"
    "        self.values = []\n"
    "    def update(self, value):\n"
    "        self.values.append(norm([value]))\n"
    "        return sum(self.values) / len(self.values)"
)


@pytest.fixture
def workspace(released, tmp_path, monkeypatch):
    """A workspace with both assignments; kernels import what the releases carry."""
    for archive in (released.first, released.second):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(tmp_path)
    root = tmp_path / "tiny-1.0"
    monkeypatch.chdir(root)
    return root


def write(path, **cells):
    """Give cells of a notebook another source."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        key = cell["id"].replace("-", "_")
        cell.source = cells.pop(key, cell.source)
    assert not cells
    nbformat.write(notebook, path)


def test_a_notebook_is_checked_packed_and_told_what_is_not_covered(workspace):
    path = workspace / "01_vectors.ipynb"
    write(
        path,
        ex_dot=DOT,
        ex_norm="def norm(x):\n    return dot(x, x)",
        check_norm="1 / 0  # no cell but answers and definitions runs",
        answer_orthogonal="When they are at a right angle.",
    )
    handed_in = submit("01", student="ada")
    dot, norm = handed_in.exercises
    assert dot.passed
    assert norm.result.points == 0
    assert not handed_in.passed
    text = str(handed_in)
    assert "01_vectors.ipynb, as saved on" in text
    assert "dot: 2 of 2 passed, 25 of 25 points" in text
    assert "norm([3, 4]) should be 5.0; it is 25.0." in text
    assert "These were the public tests only, 25 of 55 points." in text
    assert "hidden tests, 25 points, which run after you hand in:" in text
    assert "dot: orthogonal vectors (15)" in text
    assert "written answers, 20 points, read by a person: orthogonal" in text
    assert "still empty" not in text

    assert handed_in.archive == workspace / "ada_01_vectors.zip"
    assert str(handed_in.archive) in text
    with zipfile.ZipFile(handed_in.archive) as opened:
        assert sorted(opened.namelist()) == ["01_vectors.ipynb", "submission.json"]
        assert opened.read("01_vectors.ipynb") == path.read_bytes()
        receipt = json.loads(opened.read("submission.json"))
    assert receipt == {
        "course": "Tiny",
        "assignment": "01_vectors",
        "version": "1.0",
        "sha256": {"01_vectors.ipynb": digest(path.read_bytes())},
        "public_points": {"dot": 25, "norm": 0},
    }


def test_an_answer_that_ends_the_kernel_costs_no_other_its_check(workspace):
    write(
        workspace / "01_vectors.ipynb",
        ex_dot="import os\ndef dot(x, y):\n    os._exit(1)",
        ex_norm="def norm(x):\n    return sum(value * value for value in x) ** 0.5",
    )
    checked = check_notebook("01")
    dot, norm = checked.exercises
    assert dot.result is None
    assert dot.remarks == ("the kernel died while this answer ran",)
    assert norm.passed
    assert "dot: not checked" in str(checked)


def test_a_later_answer_stands_on_the_students_own_earlier_ones(workspace):
    write(workspace / "01_vectors.ipynb", ex_dot=DOT, ex_norm=NORM)
    write(workspace / "02_streams.ipynb", ex_running_mean=MEAN_OF_LENGTHS)
    checked = check_notebook("02")
    assert checked.passed, str(checked)
    assert "memory is still empty" in str(checked)


def run(*arguments, cwd):
    """The workspace's own command, as a student types it."""
    return subprocess.run(
        [sys.executable, "-m", "autograder.student", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )


def test_the_command_of_an_untouched_workspace_says_that_nothing_is_done_yet(workspace):
    done = run("check", "02", cwd=workspace)
    assert done.returncode == 1, done.stderr
    assert "02_streams.ipynb, as it was released, in a clean kernel:" in done.stdout
    assert "running_mean: not done yet" in done.stdout
    assert "memory is still empty" in done.stdout


def test_a_repaired_answer_is_told(workspace):
    notebook = nbformat.read(workspace / "02_streams.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if cell["id"] == "ex-running_mean")
    cell["id"], cell.metadata = "pasted", {}
    cell.source = MEAN_OF_LENGTHS.replace("norm([value])", "value") + "\n1 / 0"
    nbformat.write(notebook, workspace / "02_streams.ipynb")
    checked = check_notebook("02")
    assert checked.passed
    assert "note: cell ex-running_mean is missing: RunningMean was found in cell pasted" in str(
        checked
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["submit", "07"], "no assignment starts with '07'; there are: 01_vectors, 02_streams"),
        (["check", "0"], "several assignments start with '0'"),
        (["update", "missing.zip"], "missing.zip cannot be opened"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(workspace, arguments, problem):
    done = run(*arguments, cwd=workspace)
    assert done.returncode == 2
    assert problem in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_or_missing_notebook_is_named(workspace):
    (workspace / "01_vectors.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"01_vectors\.ipynb cannot be read"):
        check_notebook("01")
    (workspace / "01_vectors.ipynb").unlink()
    with pytest.raises(ValueError, match=r"01_vectors\.ipynb is not in .*unpack the release"):
        check_notebook("01")


def test_a_notebook_too_large_for_graders_is_not_packed(workspace):
    with pytest.raises(ValueError, match="clear the outputs of large cells"):
        submit("01", max_notebook=1000)
    assert not list(workspace.glob("*.zip"))


def test_an_answer_that_took_too_long_is_not_checked():
    entry = ExerciseEntry("dot", "dot", "lib.dot", "Dot", "01_a", "tests.py", 1, 1, 1)
    cell = new_code_cell(outputs=[new_output("error", ename="KeyboardInterrupt", evalue="")])
    assert _outcome(entry, cell).remarks == ("not finished after 180 seconds",)
