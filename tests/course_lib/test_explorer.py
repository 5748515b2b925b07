"""The interactive page: what is in it, what it may not do, and, in a browser, that it works."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from course_lib.visualization import embedding_explorer
from course_lib.visualization.explorer import MAX_THUMBNAIL_BYTES

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]])
NEIGHBOURS = np.array([[1, 2], [0, 3], [3, 0], [2, 1]])


def page(n=4, **changes):
    arguments = {
        "maps": {"before": POINTS[:n], "after": POINTS[::-1][:n]},
        "neighbours": {"before": NEIGHBOURS[:n], "after": NEIGHBOURS[:n]},
        "images": [Image.new("RGB", (9, 9), (60 * i, 0, 0)) for i in range(n)],
        "product_ids": [7, 7, 8, 9],
        "category_ids": [1, 1, 2, 2],
        "product_names": {7: "House Wren"},
        "category_names": {1: "Wren", 2: "Finch"},
    }
    return embedding_explorer(**{**arguments, **changes})


def data_of(made):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', made)[1]
    )


def in_browser(tmp_path, made, script):
    """The title that a script gives to the page, run after the page's own."""
    file = tmp_path / "page.html"
    file.write_text(made.html.replace("</body>", f"<script>{script}</script></body>"))
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return html.unescape(re.search("<title>(.*?)</title>", dom)[1])


def test_the_page_holds_names_neighbours_and_every_image():
    data = data_of(page().html)
    assert data["categories"] == ["Wren", "Finch"]
    assert data["category"] == [0, 0, 1, 1]
    assert data["product"] == ["House Wren", "House Wren", "8", "9"]
    assert [m["name"] for m in data["maps"]] == ["before", "after"]
    assert data["maps"][0]["neighbours"] == NEIGHBOURS.tolist()
    assert len(set(data["image"])) == 4


def test_points_keep_their_proportions_with_y_upwards():
    x, y = zip(*data_of(page().html)["maps"][0]["points"], strict=True)
    assert (max(x) - min(x), max(y) - min(y)) == (0.5, 1.0)
    assert y[0] > y[2]  # a screen counts downwards


def test_the_page_asks_no_network_for_anything():
    text = page().html
    assert "default-src 'none'" in text
    without_namespaces = text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(
        r"https?:|//cdn|\bfetch\(|XMLHttp|@import|<link|src=\"", without_namespaces
    )


def test_names_cannot_break_out_of_the_page():
    evil = "</script><script>document.title='broken'</script><b>"
    made = page(product_names={7: evil}, category_names={1: evil}, title=evil)
    assert "<b>" not in made.html
    assert made.html.count("<script") == page().html.count("<script")
    assert data_of(made.html)["product"][0] == evil


def test_thumbnails_are_bounded_even_of_noise():
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    (stored, *_) = data_of(page(images=[noise] * 4).html)["image"]
    assert len(stored) <= MAX_THUMBNAIL_BYTES * 4 / 3 + 4


def test_a_notebook_shows_it_in_a_frame_without_rights():
    frame = page()._repr_html_()
    assert 'sandbox="allow-scripts"' in frame
    assert html.unescape(re.search('srcdoc="(.*?)"', frame, re.S)[1]) == page().html
    assert repr(page()) in html.unescape(frame)


def test_words_count_the_hits():
    assert repr(page()).endswith("Neighbours of the same product: before: 25%; after: 25%.")


def test_it_is_saved_as_one_file(tmp_path):
    assert page().save(tmp_path / "map.html").read_text(encoding="utf-8") == page().html


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"product_ids": [1, 2]}, "4 images need as many ids, got 2 product_ids"),
        ({"maps": {"before": POINTS}}, "must have the same names"),
        ({"maps": {}, "neighbours": {}}, "must have the same names"),
        ({"maps": {"before": POINTS[:3], "after": POINTS}}, "needs 4 finite points"),
        ({"neighbours": {"before": NEIGHBOURS, "after": NEIGHBOURS - 1}}, "none of the 4 images"),
        ({"neighbours": {"before": NEIGHBOURS, "after": POINTS}}, "need 4 rows of indices"),
        ({"images": [None] * 1501}, "a page holds 2 to 1500 images, got 1501"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        page(**changes)


@pytest.mark.skipif(BROWSER is None, reason="no chromium")
class TestInABrowser:
    def test_a_click_shows_image_and_neighbours_and_links_them_on_every_map(self, tmp_path):
        script = """
            views[0].marks[0].dispatchEvent(new MouseEvent("click", {bubbles: true}));
            const shownImage = document.querySelector("#shown img");
            document.title = [shownImage.alt,
              document.querySelectorAll("#neighbours button.hit").length,
              document.querySelectorAll("#neighbours button.miss").length,
              document.querySelectorAll("line.link").length,
              document.querySelectorAll("line.link.miss").length].join("|");"""
        assert in_browser(tmp_path, page(), script) == "Image 0: House Wren, Wren|2|2|4|2"

    def test_arrows_enter_and_escape_do_what_a_mouse_does(self, tmp_path):
        script = """
            const press = key => views[0].svg.dispatchEvent(new KeyboardEvent("keydown", {key}));
            const seen = [];
            for (const key of ["ArrowUp", "ArrowRight", "ArrowUp", "Enter", "Escape"]) {
              press(key);
              seen.push(`${shown},${chosen}`);
            }
            document.title = seen.join(" ") + " " + document.getElementById("said").textContent;"""
        seen = in_browser(tmp_path, page(), script)
        assert seen == "0,-1 1,-1 3,-1 3,3 -1,-1 Nothing chosen."

    def test_a_neighbour_leads_on_to_its_own_neighbours(self, tmp_path):
        script = """
            choose(0);
            document.querySelectorAll("#neighbours button")[1].click();
            document.title = `${chosen}`;"""
        assert in_browser(tmp_path, page(), script) == "2"
