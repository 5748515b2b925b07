"""Expected figures: found in what a notebook says, compared, and declared without slips."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from autograder.authoring.figures import Expected, Figure, compare_figures, read_expected


def notebook(**texts: str) -> nbformat.NotebookNode:
    cells = []
    for name, text in texts.items():
        cell = new_code_cell("", outputs=[new_output("stream", name="stdout", text=text)])
        cell.id = name
        cells.append(cell)
    return new_notebook(cells=cells)


def figure(**changes) -> Figure:
    fields = {"what": "it", "cell": "train", "says": "loss {}", "expected": 0.5, "within": 0.1}
    return Figure(**(fields | changes))


@pytest.mark.parametrize(
    ("says", "text", "number"),
    [
        ("loss {}", "loss 0.25", 0.25),
        ("loss {}", "step 3: loss   1e-3, recall 2", 1e-3),
        ("recall@1 {},", "recall@1 0.31, recall@5 0.62", 0.31),
        ("recall@5 {}", "recall@1 0.31, recall@5 0.62", 0.62),
        ("{} of 192 pairs", "\n-7 of 192 pairs", -7),
        ("{} photos", "1,800 photos", 1800),
        ("(n={} m=2)", "(n=4 m=2): 3", 4),
        ("after {}", "\x1b[1mafter\x1b[0m 12", 12),
        ("120 batches: recall@1 {}", "120 batches:    recall@1 0.5", 0.5),
        ("of palettes ... b {}", "of photos a 1 b 2\nof palettes a 3 b 4", 4),
        ("{}% alike", "in all 75% alike", 75),
        ("loss {}", "cost 0.25", None),
        ("loss {}", "loss nan", None),
    ],
)
def test_the_number_is_found_between_its_words_however_they_are_spaced(says, text, number):
    assert figure(says=says).found_in(text) == number


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("loss 0.4", True),
        ("loss 0.6", True),
        ("loss 0.61", False),
        ("loss nan", False),
        ("", False),
    ],
)
def test_a_figure_is_good_within_its_tolerance_and_never_when_nothing_was_said(text, good):
    (compared,) = compare_figures(Expected(figures=(figure(),)), notebook(train=text))
    assert compared.good is good


def test_a_figure_of_other_data_is_not_asked_for():
    expected = Expected(figures=(figure(if_said="on 10 images"), figure(if_said="on 20 images")))
    found = compare_figures(expected, notebook(data="train on 20 images", train="loss 0.5"))
    assert [(each.applies, each.good) for each in found] == [(False, True), (True, True)]


def test_the_description_of_a_picture_counts_as_said():
    executed = notebook(train="")
    data = {"text/plain": "120 products take part", "image/png": ""}
    executed.cells[0].outputs = [new_output("display_data", data=data)]
    (found,) = compare_figures(
        Expected(figures=(figure(says="{} products", expected=120),)), executed
    )
    assert found.got == 120


def test_a_cell_that_the_notebook_does_not_have_is_named():
    with pytest.raises(ValueError, match=r'"it" names the cell \'train\'; there are: other'):
        compare_figures(Expected(figures=(figure(),)), notebook(other=""))


def test_without_a_file_nothing_is_expected(tmp_path):
    assert read_expected(tmp_path / "none.toml") == Expected(None, ())


GOOD = """\
seconds = 45
[[figures]]
what = "loss"
cell = "train"
says = "loss {}"
expected = 0.5
within = 1
"""


def test_a_file_is_read(tmp_path):
    path = tmp_path / "01_a.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_expected(path) == Expected(45, (figure(what="loss", within=1),))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seconds = 45", "seconds = ", "is no TOML"),
        ("seconds = 45", 'seconds = "45"', "seconds should be a number, not '45'"),
        ("seconds = 45", "second = 45", "unknown key 'second'; known are seconds, figures"),
        ("[[figures]]", "[figures]", "write each figure as [[figures]]"),
        ('cell = "train"\n', "", "figure 'loss': cell is missing"),
        ("within = 1", "withn = 1\nwithin = 1", "figure 'loss': unknown key 'withn'"),
        ("within = 1", "within = -1", "within should be 0 or more"),
        ("expected = 0.5", 'expected = "0.5"', "expected should be a number, not '0.5'"),
        ("loss {}", "loss", "says should have one {}"),
    ],
)
def test_a_slip_in_the_file_is_told_with_its_place(tmp_path, old, new, message):
    path = tmp_path / "01_a.toml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"01_a\.toml.*{re.escape(message)}"):
        read_expected(path)
