"""What students hand in is read without trusting a byte of it."""

from __future__ import annotations

import base64
import io
import json
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters import markdown2html
from PIL import Image

from autograder.answers.cells import MAX_CODE
from autograder.submissions.files import NotAcceptable, read_regular
from autograder.submissions.harmless import MAX_PICTURE, harmless_markdown, harmless_outputs
from autograder.submissions.reading import parse_submission, read_submission
from autograder.submissions.salvage import MAX_CONVERTED


def png(width: int, height: int) -> str:
    """A picture of one colour in base64."""
    content = io.BytesIO()
    Image.new("1", (width, height)).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


PNG = png(4, 3)

# markdown -----------------------------------------------------------------------------------------

SAFE_SCHEMES = ("http://", "https://", "mailto:", "#", "data:image/png;base64,")
SAFE_TAGS = {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "a", "em", "strong", "code", "pre", "ul", "ol", "li",
    "blockquote", "hr", "br", "img", "table", "thead", "tbody", "tr", "th", "td", "del", "div",
    "span", "input", "dl", "dt", "dd", "sup", "sub", "section",
}  # fmt: skip


class Inspector(HTMLParser):
    """Collects everything in a page that could run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.dangers: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in SAFE_TAGS:
            self.dangers.append(tag)
        for name, value in attributes:
            link = name in ("href", "src") and not (value or "").startswith(SAFE_SCHEMES)
            if name.startswith("on") or name == "srcdoc" or link:
                self.dangers.append(f"{tag} {name}={value}")
        if tag == "img" and not dict(attributes).get("src", "").startswith("data:"):
            self.dangers.append("a picture from elsewhere")


def dangers(markdown: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(markdown2html(harmless_markdown(markdown)))
    return inspector.dangers


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a < b <b onclick=alert(1)>bold</b>",
        "[click](javascript:alert(1))",
        "[click](java&#115;cript:alert(1))",
        "[click](<java\tscript:alert(1)>)",
        "[click](\n  vbscript:alert(1))",
        "[click][1]\n\n[1]: javascript:alert(1)",
        "> [click][1]\n>\n> [1]:\n>   data:text/html,<script>alert(1)</script>",
        "<javascript:alert(1)>",
        "![pixel](https://example.org/seen.png)",
        "![pixel][1]\n\n[1]: https://example.org/seen.png",
        "```mermaid\n<script>alert(1)</script>\n```",
        "``` x onmouseover=alert(1)\ncode\n```",
        "```<img/src=x>\n```",
        "# heading <svg/onload=alert(1)>",
        "$a<script>alert(1)</script>$",
        "\\begin{x}<script>alert(1)</script>\\end{x}",
        "<!--><script>alert(1)</script>-->",
        "<<script>script>alert(1)",
        "| a |\n|---|\n| <iframe src=x> |",
        '[x](https://example.org/"onmouseover="alert(1))',
    ],
)
def test_markdown_cannot_run_anything(attack: str) -> None:
    assert dangers(attack) == []


PIECES = [
    "<", ">", "</", "!", "[", "]", "(", ")", ":", "javascript:alert(1)", "https://a.b", "\n",
    "\n\n", "`", "```", "$", "script", "img src=x onerror=y", '"', "'", "&lt;", "&#60;", " ", "\t",
    "a", "\\",
    "[1]: ", "- ", "# ", "> ", "|", "<a ", "<!--", "-->", "mermaid\n", "attachment:x.png", "*",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_no_combination_of_markdown_can_run_anything(markdown: str) -> None:
    assert dangers(markdown) == []


def test_honest_markdown_keeps_its_meaning() -> None:
    page = markdown2html(
        harmless_markdown("**bold**, $a < b$, `x<y`, [paper](https://example.org/paper)\n\n- item")
    )
    assert "<strong>bold</strong>" in page
    assert 'href="https://example.org/paper"' in page
    assert "<li>item</li>" in page
    assert "x&lt; y" in page


def test_a_picture_pasted_into_an_answer_is_kept() -> None:
    assert "![sketch](attachment:sketch.png)" in harmless_markdown(
        "![sketch](attachment:sketch.png)"
    )


# outputs ------------------------------------------------------------------------------------------


def kept(*outputs: object) -> list[dict[str, object]]:
    return [dict(output) for output in harmless_outputs(list(outputs), described_as="a picture")]


def test_only_text_and_pictures_are_kept_of_an_output() -> None:
    [output] = kept(
        {
            "output_type": "display_data",
            "data": {
                "text/html": "<script>alert(1)</script>",
                "application/javascript": "alert(1)",
                "image/svg+xml": "<svg onload='alert(1)'/>",
                "text/markdown": "<script>",
                "text/latex": "\\href{javascript:alert(1)}{x}",
                "text/plain": ["a ", "figure"],
                "image/png": PNG,
            },
            "metadata": {"filenames": {"image/png": "x' onerror='alert(1)"}},
        }
    )
    assert output["data"] == {"image/png": PNG, "text/plain": "a figure"}
    assert output["metadata"] == {"image/png": {"alt": "a picture"}}


def test_streams_and_errors_become_text_without_terminal_codes() -> None:
    printed, raised = kept(
        {"output_type": "stream", "name": "stderr", "text": ["\x1b[31mred\x1b[0m\n", "line"]},
        {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["\x1b]0;x"]},
    )
    assert (printed["name"], printed["text"]) == ("stdout", "red\nline")
    assert raised["text"] == "ValueError: no"


@pytest.mark.parametrize(
    "picture", ["not base64!", base64.b64encode(b"<svg/>").decode(), 7, "A" * 3 * MAX_PICTURE]
)
def test_what_is_not_a_picture_is_dropped(picture: object) -> None:
    assert kept({"output_type": "display_data", "data": {"image/png": picture}}) == []


# notebooks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"cells": [',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"cells": ' + b"9" * 5_000 + b"}",
        b"[]",
        b"null",
        b'{"cells": {"0": {}}}',
        b'{"nbformat": 3, "worksheets": 5}',
    ],
)
def test_a_damaged_file_gives_no_cells_and_says_why(content: bytes) -> None:
    submission = parse_submission(content)
    assert submission.cells == ()
    assert submission.problems[0].startswith("the notebook file is damaged: ")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["cell_type", "source", "id", "metadata", "nbgrader", "grade_id", "outputs", "data"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=4))
def test_any_json_in_the_place_of_cells_is_read_as_cells(cells: list[object]) -> None:
    submission = parse_submission(json.dumps({"nbformat": 4, "cells": cells}).encode())
    assert len(submission.cells) == len(cells)
    json.dumps(submission.for_judge()).encode()


def test_lone_surrogates_cannot_reach_a_file() -> None:
    text = '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}'
    [cell] = parse_submission(text.encode()).cells
    assert cell.source == "x = '?'"


def test_a_notebook_of_the_old_format_is_read() -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {"cells": [{"cell_type": "code", "input": "x = 1", "outputs": [], "language": "python",
                        "metadata": {}, "collapsed": False}], "metadata": {}}
        ],
    }  # fmt: skip
    [cell] = parse_submission(json.dumps(old).encode()).cells
    assert cell.source == "x = 1"


# files --------------------------------------------------------------------------------------------


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(b"content")
    assert read_regular(original, 100) == b"content"
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(original)
    os.mkfifo(pipe)
    for path, kind in ((link, "a symbolic link"), (pipe, "a named pipe"), (tmp_path, "a folder")):
        with pytest.raises(NotAcceptable, match=kind):
            read_regular(path, 100)
    os.link(original, tmp_path / "second name")
    with pytest.raises(NotAcceptable, match="hard link"):
        read_regular(original, 100)


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 11)
    with pytest.raises(NotAcceptable, match="larger than 10 bytes"):
        read_regular(path, 10)


def test_a_submission_that_is_no_file_is_no_submission(tmp_path: Path) -> None:
    link = tmp_path / "01_vectors.ipynb"
    assert read_submission(link).problems == ("there is no 01_vectors.ipynb",)
    link.symlink_to("/etc/hostname")
    assert read_submission(link).problems == ("01_vectors.ipynb is a symbolic link",)


def test_a_picture_of_more_pixels_than_a_browser_likes_is_left_out() -> None:
    bomb = png(20_000, 20_000)
    assert len(bomb) < 200_000
    outputs = [{"output_type": "display_data", "data": {"image/png": bomb}}]
    assert not list(harmless_outputs(outputs, described_as=""))


def test_brackets_without_end_are_made_harmless_at_once() -> None:
    """A pattern that looks for the end of each would take a quarter of an hour."""
    assert "![" not in harmless_markdown("![" * 90_000)


@pytest.mark.parametrize("slashes", ["\\", "\\\\", "\\\\\\"])
def test_a_formula_makes_no_links(slashes: str) -> None:
    text = harmless_markdown(f"${slashes}href{{javascript:alert(1)}}{{x}} + {slashes}hreff$")
    assert "\\href{" not in text
    assert f"{slashes}hreff" in text, "a macro of another name"


def test_more_code_than_is_read_is_said() -> None:
    cells = [{"cell_type": "code", "source": "x = 1\n" * 30_000, "outputs": []}] * 2
    read = parse_submission(json.dumps({"nbformat": 4, "cells": cells}).encode())
    assert read.problems == (f"only the first {MAX_CODE:,} characters of its code are read",)


def test_of_a_large_notebook_of_an_old_format_the_sources_are_read() -> None:
    cells = [{"cell_type": "code", "input": "x = 1", "outputs": []}]
    sheets = {"nbformat": 3, "worksheets": [{"cells": cells}], "padding": "x" * MAX_CONVERTED}
    [cell] = parse_submission(json.dumps(sheets).encode()).cells
    assert cell.source == "x = 1"
