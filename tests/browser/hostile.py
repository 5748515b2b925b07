"""A submission that puts a script wherever a page might show something of it."""

from __future__ import annotations

from typing import Any

from autograder.course import Course
from tests.gradebook.samples import Notebook, cell, notebook_of

MARK = "PWNED"
CODE = f"window.{MARK}=1;document.title='{MARK}';console.log('{MARK}');alert('{MARK}')"
SCRIPT = f"<script>{CODE}</script>"
PICTURE = f'<img src="x" onerror="{CODE}">'
PAGE = f'{SCRIPT}{PICTURE}<svg onload="{CODE}"></svg><iframe srcdoc="{PICTURE!r}"></iframe>'
MARKDOWN = "\n\n".join(
    (
        PAGE,
        f"[a link](javascript:{CODE})",
        f'![a picture](x" onerror="{CODE})',
        f"`{SCRIPT}`",
        f"```\n</code></pre>{PAGE}\n```",
        f'<!-- --><details open ontoggle="{CODE}">',
        f"$\\href{{javascript:{CODE}}}{{x}}$ </script>{SCRIPT}",
    )
)
RAISES = f"""def norm(x):
    raise type({SCRIPT!r}, (ValueError,), {{}})({PAGE!r})
"""
RETURNS = f"""def dot(x, y):  # </pre>{PAGE}
    print({PAGE!r})
    return {PAGE!r}
"""


def hostile_notebook(course: Course) -> Notebook:
    """Answers, texts, outputs, ids, attachments and metadata that hold scripts."""
    work = notebook_of(course, ex_dot=RETURNS, ex_norm=RAISES, answer_orthogonal=MARKDOWN)
    cell(work, "ex-dot")["outputs"] = _outputs()
    work["metadata"]["title"] = f"</title>{PAGE}"
    work["metadata"]["kernelspec"] = {"name": PAGE, "display_name": PAGE, "language": PAGE}
    work["cells"] += [
        _cell("markdown", MARKDOWN, attachments={f"{PAGE}.png": {"image/svg+xml": PAGE}}),
        _cell("code", f"# {PAGE}", outputs=_outputs(), execution_count=1),
        _cell("raw", PAGE, metadata={"raw_mimetype": "text/html", "format": "text/html"}),
    ]
    return work


def _cell(kind: str, source: str, **rest: Any) -> dict[str, Any]:
    return {"cell_type": kind, "id": f"mine-{kind}", "metadata": {}, "source": source, **rest}


def _outputs() -> list[dict[str, Any]]:
    data = {
        "text/html": PAGE,
        "image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</svg>",
        "application/javascript": CODE,
        "text/markdown": MARKDOWN,
        "text/latex": f"$x$ {PAGE}",
        "text/plain": PAGE,
    }
    each = [
        {"output_type": "display_data", "data": {kind: content}, "metadata": {}}
        for kind, content in data.items()
    ]
    stream = {"output_type": "stream", "name": "stdout", "text": f"\x1b]0;{MARK}\x07{PAGE}"}
    error = {"output_type": "error", "ename": PAGE, "evalue": PAGE, "traceback": [PAGE]}
    return [*each, stream, error]
