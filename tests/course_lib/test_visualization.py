"""Pictures: titles, labels, alternative text, and marks that do not rely on colour."""

import numpy as np
import pytest
import torch
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure
from PIL import Image

from course_lib.visualization import (
    attention_gallery,
    batch_montage,
    distance_heat_map,
    hamming_histograms,
    information_heat_map,
    loss_curves,
    precision_curves,
    retrieval_gallery,
    show,
    triplet_strips,
)

RED = Image.new("RGB", (20, 30), "red")
GREEN = np.zeros((16, 16, 3), dtype=np.uint8) + np.array([0, 255, 0], dtype=np.uint8)
BLUE = torch.zeros(3, 8, 8).index_fill_(0, torch.tensor([2]), 1.0)


def texts(figure):
    axes = figure.axes[0]
    ticks = axes.get_xticklabels() + axes.get_yticklabels()
    return [text.get_text() for text in axes.texts + ticks]


FIGURES = {
    "montage": lambda: batch_montage([RED, GREEN, BLUE], [1, 1, 2], [10, 10, 20]),
    "heat map": lambda: distance_heat_map(torch.rand(4, 4), torch.tensor([3, 3, 5, 5])),
    "triplets": lambda: triplet_strips([RED], [GREEN], [BLUE], torch.tensor([0.5]), [0.625]),
    "gallery": lambda: retrieval_gallery(
        [RED], [[GREEN, BLUE]], torch.tensor([[True, False]]), torch.tensor([[0.25, 1.5]])
    ),
    "histograms": lambda: hamming_histograms(
        torch.tensor([[0, 3, 4]], dtype=torch.int16), torch.tensor([[True, False, False]]), 4
    ),
    "lengths": lambda: precision_curves(
        {"LSH": {12: 0.1, 24: 0.2}, "ITQ": {12: 0.2, 24: 0.25}}, level=0.3
    ),
    "information": lambda: information_heat_map(
        torch.tensor([[0.1, 0.5, 0.0], [0.2, 0.0, 0.3]]), ["has_a::x", "has_a::y", "has_b::x"]
    ),
    "curves": lambda: loss_curves({"triplet": [3.0, 2.0], "contrastive": [1.0, 0.5]}),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_every_picture_has_a_title_axis_labels_and_alternative_text(make):
    figure = make()
    assert isinstance(figure, Figure)
    assert figure.get_suptitle()
    assert figure.axes[0].get_xlabel()
    assert figure.axes[0].get_ylabel()
    assert figure.get_label().startswith(figure.get_suptitle())
    assert len(figure.get_label()) > 60
    figure.canvas.draw()


def test_a_montage_names_categories_and_products_and_counts_images():
    figure = batch_montage(
        [RED, GREEN, BLUE, RED],
        [2, 1, 1, 2],
        [20, 10, 10, 21],
        category_names={1: "Wren", 2: "Finch"},
        product_names={10: "House Wren"},
    )
    assert {"Wren", "Finch", "House Wren", "20", "21"} <= set(texts(figure))
    assert "Wren: 2 of House Wren." in figure.get_label()


def test_a_montage_shows_pil_images_arrays_and_tensors_alike():
    figure = batch_montage([RED, GREEN, BLUE], [1, 1, 1], [5, 5, 5])
    pixels = figure.axes[0].images[0].get_array()
    colours = {tuple(pixel) for pixel in pixels.reshape(-1, 3).tolist()}
    assert {(255, 0, 0), (0, 255, 0), (0, 0, 255)} <= colours


def test_a_heat_map_describes_distances_within_and_between_products():
    distances = torch.tensor([[0.0, 0.5, 2.0], [0.5, 0.0, 2.0], [2.0, 2.0, 0.0]])
    label = distance_heat_map(distances, [7, 7, 8]).get_label()
    assert "within a product 0.50, between products 2.00" in label


def test_triplets_show_their_distances():
    figure = FIGURES["triplets"]()
    assert {"anchor", "positive", "negative", "d² = 0.50", "d² = 0.62"} <= set(texts(figure))


def test_a_gallery_marks_hits_and_misses_by_symbol_and_frame():
    figure = FIGURES["gallery"]()
    assert {"✓  0.25", "✗  1.50"} <= set(texts(figure))
    hit, miss = figure.axes[0].patches
    assert hit.get_linestyle() != miss.get_linestyle()
    assert "1 of 2" in figure.get_label()


def test_a_gallery_shows_whole_distances_without_decimals():
    figure = retrieval_gallery([RED], [[GREEN]], [[True]], np.array([[3]]), measure="bits")
    assert "✓  3" in texts(figure)
    assert "bits" in figure.axes[0].get_xlabel()


def test_a_gallery_says_what_a_hit_shares_with_its_query():
    figure = retrieval_gallery([RED], [[GREEN]], [[True]], [[3.0]], same="species")
    assert "same species" in figure.axes[0].get_xlabel()


def test_histograms_show_the_share_of_each_kind_of_pairs_at_each_distance():
    relevant, others = FIGURES["histograms"]().axes[0].lines
    assert relevant.get_ydata().tolist() == [1, 0, 0, 0, 0]
    assert others.get_ydata().tolist() == [0, 0, 0, 0.5, 0.5]
    assert relevant.get_linestyle() != others.get_linestyle()


def test_lengths_differ_in_dashes_and_markers_and_say_their_figures():
    figure = FIGURES["lengths"]()
    lines = figure.axes[0].lines[:2]
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 2
    assert "LSH: 0.10 at 12, 0.20 at 24. ITQ" in figure.get_label()
    assert "Float vectors: 0.30" in figure.get_label()


def test_information_names_each_kind_of_attribute_once_and_the_strongest_pair():
    figure = FIGURES["information"]()
    assert {"a", "b"} <= set(texts(figure))
    assert "0.50, of bit 0 and has_a::y" in figure.get_label()


def test_attention_is_dark_where_there_is_none_and_marks_visible_parts():
    white = Image.new("RGB", (8, 8), "white")
    parts = [np.array([[0.5, 0.25, 1], [0.9, 0.9, 0]])]
    figure = attention_gallery([white], torch.tensor([[[[0.0, 1.0]]]]), parts, names=["stage 1"])
    image, lit = figure.axes
    assert lit.get_title() == "stage 1"
    left, right = lit.images[0].get_array()[32, [0, -1]].sum(axis=-1)
    assert right > 2 * left
    (marks,) = image.lines
    assert (marks.get_xdata().tolist(), marks.get_ydata().tolist()) == ([31.5], [15.5])
    assert "1 images, one a row, each beside its 1 maps" in figure.get_label()


def test_an_even_map_gives_an_even_image_one_colour():
    figure = attention_gallery([RED], torch.ones(1, 1, 2, 2))
    lit = figure.axes[1].images[0].get_array()
    assert (lit == lit[0, 0]).all()


def test_curves_differ_in_their_dashes():
    lines = FIGURES["curves"]().axes[0].lines
    assert len({line.get_linestyle() for line in lines}) == 2


def test_curves_are_smoothed_by_a_running_mean():
    (line,) = loss_curves({"a": [1.0, 3.0, 5.0]}, smooth=2).axes[0].lines
    assert line.get_xdata().tolist() == [2, 3]
    assert line.get_ydata().tolist() == [2.0, 4.0]


def test_curves_may_count_something_else_and_from_another_number():
    axes = loss_curves({"a": [3.0, 2.0, 1.0]}, xlabel="sweeps", first=0).axes[0]
    assert axes.lines[0].get_xdata().tolist() == [0, 1, 2]
    assert axes.get_xlabel() == "sweeps"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: batch_montage([RED], [1, 2], [1]), "1 images need as many ids"),
        (lambda: distance_heat_map(torch.rand(2, 3), [1, 2]), "2 labels need as many"),
        (lambda: triplet_strips([], [], [], [], []), "a triplet needs"),
        (lambda: triplet_strips([RED], [RED], [RED], [1.0], [1.0, 2.0]), "a triplet needs"),
        (lambda: retrieval_gallery([RED], [[RED]], [[True, True]], [[1.0]]), "1 queries need"),
        (lambda: hamming_histograms([[1, 2]], [[True, True]], 4), "need as many bools"),
        (lambda: precision_curves({"LSH": {}}), "at least one method"),
        (lambda: information_heat_map(np.zeros((2, 3)), ["a"]), "1 attribute names need"),
        (lambda: attention_gallery([RED], np.zeros((2, 1, 3, 3))), "1 images need maps"),
        (lambda: attention_gallery([RED], np.zeros((1, 1, 3, 3)), []), "as many parts, got 0"),
        (lambda: loss_curves({}), "at least one curve"),
        (lambda: loss_curves({"a": []}), "at least one curve"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_show_prints_the_alternative_text_outside_a_notebook(capsys):
    show(loss_curves({"a": [1.0]}), alt="one point")
    assert capsys.readouterr().out.strip() == "one point"


def test_show_puts_an_image_with_escaped_alternative_text_into_a_notebook():
    shell = InteractiveShell.instance()
    try:
        shell.display_pub = CapturingDisplayPublisher(parent=shell)
        show(loss_curves({"a": [1.0]}), alt='a < b & "c"')
        (output,) = shell.display_pub.outputs
    finally:
        InteractiveShell.clear_instance()
    assert 'alt="a &lt; b &amp; &quot;c&quot;"' in output["data"]["text/html"]
    assert 'src="data:image/png;base64,iVBOR' in output["data"]["text/html"]
    assert output["data"]["text/plain"] == 'a < b & "c"'


def test_show_refuses_a_picture_without_words():
    with pytest.raises(ValueError, match="say what the figure shows"):
        show(Figure())
