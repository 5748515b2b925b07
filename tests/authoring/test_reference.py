"""`course reference`: the tiny course's references, run, graded and compared."""

import base64
import io
from collections.abc import Callable

import nbformat
import pytest
from click.testing import Result
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from typer.testing import CliRunner

from autograder.authoring.execute import execute_notebook
from autograder.authoring.notebook import build_notebooks
from autograder.authoring.reference import write_notebook_page
from autograder.cli import app
from autograder.judge.sandbox import sandbox_problem

needs_sandbox = pytest.mark.skipif(bool(sandbox_problem()), reason=sandbox_problem())


@pytest.fixture
def reference(tiny_course, tmp_path, monkeypatch) -> Callable[..., Result]:
    """Type the command in the tiny course, its notebooks built anew."""

    def run(*arguments: str) -> Result:
        build_notebooks(tiny_course)
        monkeypatch.chdir(tiny_course.root)
        monkeypatch.setenv("COLUMNS", "120")
        command = [*arguments, "--to", str(tmp_path / "out")]
        return CliRunner().invoke(app, ["reference", *command])

    return run


def rows(output: str) -> dict[str, list[str]]:
    """The tables' rows by their first cell."""
    lines = [line.split("│")[1:-1] for line in output.splitlines() if "│" in line]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}


def test_what_is_as_expected_exits_with_0_and_leaves_a_page(reference, tmp_path):
    done = reference("02", "--no-points")
    assert done.exit_code == 0, done.output
    found = rows(done.output)
    assert found["mean of 1, 2 and 6"] == ["3 ± 0.5", "3", "as expected"]
    assert found["seconds"][0] == "at most 600"
    assert "points of running_mean" not in found
    page = (tmp_path / "out" / "02_streams.html").read_text(encoding="utf-8")
    assert "[1.0, 1.5, 3.0]" in page


@needs_sandbox
def test_a_wrong_reference_and_a_cell_that_raises_are_told_and_exit_with_1(
    reference, tiny_course, replace_in
):
    replace_in(tiny_course.notebooks / "02_streams.py", "6.0)])", "6.0)])\n1 // 0")
    streams = tiny_course.library / "streams.py"
    replace_in(streams, "(value - self.mean) / self.count", "value / self.count")
    done = reference("02")
    assert done.exit_code == 1, done.output
    assert "picture-running_mean raised ZeroDivisionError" in done.output
    found = rows(done.output)
    assert found["mean of 1, 2 and 6"] == ["3 ± 0.5", "4", "not as expected"]
    assert found["points of running_mean"][-1] == "not as expected"
    assert "running_mean: " in done.output  # the test that it does not pass


def write(path, *sources: str):
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


def test_a_run_is_stopped_at_its_limit_and_says_how_far_it_is(tmp_path):
    source = write(tmp_path / "endless.ipynb", "print('one')", "while True: pass", "print('three')")
    told = []
    run = execute_notebook(
        source,
        tmp_path / "executed.ipynb",
        limit=1,
        on_cell=lambda cell, done, total: told.append((done, total)),
    )
    assert told == [(0, 3), (1, 3)]
    assert "timed out" in dict(run.errors)["the kernel"]
    assert "one" in (tmp_path / "executed.ipynb").read_text(encoding="utf-8")


def test_the_page_holds_pictures_itself(tmp_path):
    png = io.BytesIO()
    Image.new("RGB", (3, 3)).save(png, "png")
    data = base64.b64encode(png.getvalue()).decode()
    cell = new_code_cell("show()", outputs=[new_output("display_data", data={"image/png": data})])
    write_notebook_page(new_notebook(cells=[cell]), tmp_path / "page.html", "a title")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"data:image/png;base64,{data}" in page
    assert "<title>a title</title>" in page
