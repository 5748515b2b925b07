"""Reduces text and outputs of students to text and pictures, so that nothing runs on a page."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from collections.abc import Iterator, Mapping

import nbformat
from nbformat.v4 import new_output
from PIL import Image

from autograder.answers.cells import MAX_CELL
from autograder.judge.redaction import legible

MAX_OUTPUTS = 50  # outputs of a cell
MAX_TEXT = 20_000  # characters of one output
MAX_PICTURE = 4 << 20  # bytes of a picture
MAX_PIXELS = 25_000_000  # a browser unpacks every pixel, however few bytes the picture takes
SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(
    r"\](?=\(|:)(?!\(\s*(?:https?://|mailto:|attachment:))(?!:\s*(?:https?://|mailto:))"
)
_PICTURE = re.compile(r"!(?=\[)(?!\[[^\]\n]{0,300}\]\(attachment:[^()\s]{1,100}\))")
# With these macros a formula makes links and styles, where MathJax has no safe mode.
_MACRO = re.compile(r"\\(?=(?:href|url|require|style|class|cssId|unicode|html|data)(?![a-z]))")
_ATTACHMENT = re.compile(r"[\w.-]{1,100}", re.ASCII)


def harmless_markdown(text: str) -> str:
    """Return markdown that renders to text, formulas, links to the web and attached pictures only.

    This does not depend on how a renderer reads the markdown: no character sequence is left that
    could open an HTML element, a link with another scheme, or a picture from elsewhere. A formula
    cannot open these either.
    """
    text = _TAG.sub("< ", legible(text, MAX_CELL))
    text = _MACRO.sub(r"\\ ", text)
    return _PICTURE.sub("! ", _LINK.sub("] ", text))


def harmless_outputs(outputs: object, *, described_as: str) -> Iterator[nbformat.NotebookNode]:
    """Give the outputs of a cell, reduced to plain text and pictures.

    Args:
        outputs: the outputs as the notebook file has them.
        described_as: alternative text of the pictures.
    """
    for output in (outputs if isinstance(outputs, list) else [])[:MAX_OUTPUTS]:
        if not isinstance(output, Mapping):
            continue
        if output.get("output_type") == "stream":
            yield new_output("stream", name="stdout", text=_text(output.get("text")))
        elif output.get("output_type") == "error":
            said = f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
            yield new_output("stream", name="stdout", text=said)
        elif data := _harmless_data(output.get("data")):
            alt = {mime: {"alt": described_as} for mime in data if mime in SIGNATURES}
            yield new_output("display_data", data=data, metadata=alt)


def harmless_attachments(attachments: object) -> dict[str, dict[str, str]]:
    """Return the pictures among a cell's attachments, by name."""
    if not isinstance(attachments, Mapping):
        return {}
    pictures = {
        name: _pictures(data)
        for name, data in list(attachments.items())[:MAX_OUTPUTS]
        if isinstance(name, str) and _ATTACHMENT.fullmatch(name)
    }
    return {name: data for name, data in pictures.items() if data}


def plain_text(value: object) -> str:
    """Return a text of a notebook file, with plain line ends, in a form that can be saved.

    Args:
        value: the text as the file has it: a string or a list of lines.
    """
    lines = _joined(value).replace("\r\n", "\n").replace("\r", "\n")
    return lines.encode("utf-8", "replace").decode("utf-8")


def _text(value: object) -> str:
    """Return the text of an output, legible and cut at the limit."""
    return legible(plain_text(value), MAX_TEXT)


def _joined(value: object) -> str:
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _harmless_data(data: object) -> dict[str, str]:
    """Return the pictures and the plain text among the representations of an output."""
    if not isinstance(data, Mapping):
        return {}
    plain = _text(data.get("text/plain"))
    return _pictures(data) | ({"text/plain": plain} if plain else {})


def _pictures(data: object) -> dict[str, str]:
    if not isinstance(data, Mapping):
        return {}
    found = {mime: _picture(data.get(mime), start) for mime, start in SIGNATURES.items()}
    return {mime: picture for mime, picture in found.items() if picture}


def _pixels(content: bytes) -> int:
    """Return the number of pixels that a picture's header states; 0 when there is no picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
                return picture.width * picture.height
    except Exception:  # a damaged header can raise anything
        return 0


def _picture(value: object, signature: bytes) -> str:
    """Return a picture's base64, encoded anew; "" for a picture of another format or too large."""
    text = _joined(value)
    if len(text) > 2 * MAX_PICTURE:
        return ""
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    if len(content) > MAX_PICTURE or not content.startswith(signature):
        return ""
    if not 0 < _pixels(content) <= MAX_PIXELS:
        return ""
    return base64.b64encode(content).decode()
