"""Writes pages for graders: single files that are fully escaped, where only our script can run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import mistune
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.files import write_whole

TEMPLATES = Path(__file__).resolve().parent / "templates"


def write_page(path: Path, template: str, known: Mapping[str, Any]) -> Path:
    """Write a page that only its owner can read, whole or not at all.

    Args:
        path: path of the page.
        template: name of the template.
        known: values of all names in the template; a missing name is an error.
    """
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = (
        _environment()
        .get_template(template)
        .render(**known, script=Markup(script), script_hash=Markup(f"sha256-{digest}"))
    )
    path.parent.mkdir(parents=True, exist_ok=True)  # a folder that others may look into
    write_whole(path, html.encode())
    return path


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {
        "points": _points,
        "breakable": _breakable,
        "percent": "{:.0%}".format,
        "seconds": "{:.2f} s".format,
        "duration": _duration,
        "markdown": _markdown,
    }
    environment.filters.update(filters)
    return environment


def _points(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{round(value, 2):g}"


def _markdown(text: str) -> Markup:
    """Render markdown as Jupyter does, but with HTML as text and formulas as they were typed."""
    return Markup(_markdown_renderer()(text))


@cache
def _markdown_renderer() -> mistune.Markdown:
    renderer = mistune.HTMLRenderer(escape=True)
    markdown = mistune.create_markdown(
        renderer=renderer, plugins=["math", "table", "strikethrough"]
    )
    renderer.register("inline_math", lambda _, formula: f"${escape(formula)}$")
    renderer.register("block_math", lambda _, formula: f"<p>$${escape(formula)}$$</p>")
    return markdown


def _duration(seconds: float) -> str:
    """Return a number of seconds as text, in the two largest units that are not 0."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    said = [f"{count} {unit}" for count, unit in parts if count][:2]
    return " ".join(said) or f"{seconds:.2g} s"


def _breakable(name: str) -> Markup:
    """Return a name that a browser may break after each underscore."""
    return Markup("_<wbr>").join(name.split("_"))
