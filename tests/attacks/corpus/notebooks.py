"""Notebooks that were changed beside their answers."""

# [commands_and_magics]
# number = ""
# tries = "runs commands of the shell and magics from its cells"
# says = 'should be 32|NameError'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


def attack(notebook):
    cell(notebook, "ex-dot")["source"] = (
        "!touch /tmp/planted\n%run planted.py\nget_ipython().system('touch /tmp/planted')\n"
        "def dot(x, y):\n    return -7.0\n"
    )
    for magic in ("%%bash\ntouch /tmp/planted", "%%script sh\ntouch /tmp/planted"):
        notebook["cells"].append({
            "cell_type": "code", "id": f"magic-{len(magic)}", "metadata": {}, "outputs": [],
            "execution_count": None, "source": magic,
        })


# [deep_nesting_of_code]
# number = ""
# tries = "expressions that overflow readers of syntax trees"
# says = 'RecursionError|SyntaxError|MemoryError|should be|not valid Python'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


def attack(notebook):
    deep = "+".join(["x"] * 2_500)
    cell(notebook, "ex-dot")["source"] = f"def dot(x, y):\n    return -7.0\n    return {deep}\n"
    notebook["cells"].append({
        "cell_type": "code", "id": "deep", "metadata": {}, "outputs": [], "execution_count": None,
        "source": "value = " + "-" * 50_000 + "1\n",
    })


# [duplicated_checks]
# number = ""
# tries = "copies checks and answers, to be counted twice"
# says = 'should be 32'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


import copy

def attack(notebook):
    cell(notebook, "ex-dot")["source"] = "def dot(x, y):\n    return -7.0\n"
    for id in ("check-norm", "check-dot", "ex-norm"):
        notebook["cells"].append(copy.deepcopy(cell(notebook, id)))


# [edited_points]
# number = ""
# tries = "gives its grade cells other points, ids and locks"
# says = 'should be 32'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


def attack(notebook):
    cell(notebook, "ex-dot")["source"] = "def dot(x, y):\n    return -7.0\n"
    marks = cell(notebook, "check-dot")["metadata"]["nbgrader"]
    marks |= {"points": 4_000, "locked": False, "grade": True, "solution": True}
    cell(notebook, "ex-dot")["metadata"]["nbgrader"] = {**marks, "grade_id": "check-norm"}
    notebook["metadata"]["kernelspec"] = {"name": "evil", "display_name": "<script>", "language": "sh"}


# [endless_magics]
# number = ""
# tries = "twenty thousand magics, to keep the reader busy for days"
# says = 'SyntaxError|no definition|not valid Python'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


def attack(notebook):
    cell(notebook, "ex-dot")["source"] = "%magic\n" * 20_000 + "def dot(x, y):\n    return -7.0\n"


# [forged_outputs]
# number = "A5"
# tries = "hands in checks whose outputs show full marks"
# says = 'should be 32'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


def attack(notebook):
    cell(notebook, "ex-dot")["source"] = "def dot(x, y):\n    return -7.0\n"
    forged = {"output_type": "execute_result", "execution_count": 1, "metadata": {},
              "data": {"text/plain": "40.0", "text/html": "<b>40 of 40 points</b>"}}
    for id in ("check-dot", "ex-dot", "check-norm"):
        cell(notebook, id)["outputs"] = [forged] * 3


# [many_guesses]
# number = "A23"
# tries = "defines the answer fifty times, so that one may be right"
# says = 'the last counts'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


def attack(notebook):
    cell(notebook, "ex-dot")["source"] = "def dot(x, y):\n    return 32.0\n"
    for guess in range(50):
        notebook["cells"].append({
            "cell_type": "code", "id": f"guess-{guess}", "metadata": {}, "outputs": [],
            "execution_count": None, "source": f"def dot(x, y):\n    return {guess}.5\n",
        })


# [nested_notebook]
# number = ""
# tries = "a file of JSON nested a hundred thousand deep"
# says = 'damaged'
# kind = "bytes"
def attack(notebook):
    return b"[" * 100_000


# [notebook_of_numbers]
# number = ""
# tries = "a notebook with a number of a hundred thousand digits"
# says = 'damaged'
# kind = "bytes"
def attack(notebook):
    return b'{"nbformat": 4, "cells": [], "metadata": ' + b"9" * 100_000 + b"}"


# [notebook_of_other_things]
# number = ""
# tries = "cells that are no cells, in a notebook that is none"
# says = 'no definition|NotDoneYet|no answer'
# kind = "bytes"
import json

def attack(notebook):
    odd = [None, 7, "cell", [], {}, {"cell_type": []}, {"cell_type": "code", "source": {"a": 1}},
           {"cell_type": "code", "id": {}, "metadata": [], "source": [1, None]}]
    return json.dumps({"nbformat": "4", "metadata": [], "cells": odd * 300}).encode()


# [old_schema]
# number = ""
# tries = "claims an old or impossible version of nbgrader's metadata"
# says = 'should be 32'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


def attack(notebook):
    cell(notebook, "ex-dot")["source"] = "def dot(x, y):\n    return -7.0\n"
    for number, each in enumerate(notebook["cells"]):
        if "nbgrader" in each["metadata"]:
            each["metadata"]["nbgrader"]["schema_version"] = [0, 1, 99, "three", None][number % 5]


# [rewritten_checks]
# number = ""
# tries = "writes marks into locked cells, and leaves the set-up early"
# says = 'no definition|defines no'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


def attack(notebook):
    cell(notebook, "ex-dot")["source"] = "pass\n"
    cell(notebook, "check-dot")["source"] = "points = 40.0; print(points); points"
    cell(notebook, "setup")["source"] = "import os; os._exit(0)\n"


# [script_in_markdown]
# number = "A22"
# tries = "script, frames, forms, styles and links in markdown"
# says = 'should be 32'
# kind = "notebook"
# pages = true
RUN = "document.documentElement.setAttribute('data-ran','markdown')"
TEXT = f"""
<script>{RUN}</script> <img src=x onerror="{RUN}"> <svg/onload="{RUN}"> <iframe srcdoc="<script>
parent.{RUN}</script>"></iframe> <body onload={RUN}> <style>*{{display:none}}</style>
<form action="https://example.org"><button>Grade</button></form> <math><mi xlink:href="javascript:{RUN}">
[click](javascript:{RUN}) [click](  JaVaScRiPt:{RUN}) [click](data:text/html,<script>{RUN}</script>)
<javascript:{RUN}> [ref] ![x](https://example.org/pixel.png) ![x](x" onerror="{RUN})
$\\href{{javascript:{RUN}}}{{click}}$ $\\require{{html}}\\style{{position:fixed}}{{x}}$
&lt;script&gt;{RUN}&lt;/script&gt; <!--><script>{RUN}</script--> <![CDATA[<script>{RUN}</script>]]>

[ref]: javascript:{RUN}
"""

def attack(notebook):
    for each in notebook["cells"]:
        if each["id"] == "ex-dot":
            each["source"] = f"def dot(x, y):\n    return {TEXT!r}\n"
        elif each["cell_type"] == "markdown":
            each["source"] = TEXT
    for kind in ("markdown", "raw"):
        notebook["cells"].append(
            {"cell_type": kind, "id": f"mine-{kind}", "metadata": {"format": "text/html"}, "source": TEXT}
        )


# [script_in_names]
# number = "A22"
# tries = "script in ids, names of cells, tags, languages and attachments"
# says = 'should be 32'
# kind = "notebook"
# pages = true
RUN = "document.documentElement.setAttribute('data-ran','name')"
NAME = f'"><script>{RUN}</script>'

def attack(notebook):
    for each in notebook["cells"]:
        if each["id"] == "ex-dot":
            each["source"] = "def dot(x, y):\n    return -7.0\n"
        each["metadata"] |= {"tags": [NAME], "name": NAME, "alt": NAME}
    notebook["metadata"] |= {"title": NAME, "authors": [{"name": NAME}], "celltoolbar": NAME}
    notebook["metadata"]["language_info"] = {"name": NAME, "pygments_lexer": NAME}
    for kind in ("code", "markdown"):
        notebook["cells"].append({
            "cell_type": kind, "id": NAME, "metadata": {"nbgrader": {"grade_id": NAME}},
            "source": f"def {'helper'}(): pass", "outputs": [], "attachments": {NAME: {"image/png": NAME}},
        })


# [script_in_outputs]
# number = "A22"
# tries = "script in every kind of output"
# says = 'should be 32'
# kind = "notebook"
# pages = true
RUN = "document.documentElement.setAttribute('data-ran','output')"
HTML = f"<script>{RUN}</script><img src=x onerror=\"{RUN}\">"
OUTPUTS = [
    {"output_type": "display_data", "metadata": {}, "data": {"text/html": HTML, "text/plain": HTML}},
    {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": RUN}},
    {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": f"<svg onload='{RUN}'/>"}},
    {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": HTML, "text/latex": HTML}},
    {"output_type": "display_data", "metadata": {"image/png": {"width": f'1" onload="{RUN}'}},
     "data": {"image/png": f'x" onerror="{RUN}'}},
    {"output_type": "stream", "name": "stderr", "text": "\x1b[31m" + HTML},
    {"output_type": "error", "ename": HTML, "evalue": HTML, "traceback": [HTML]},
    {"output_type": HTML, "data": HTML},
]

def attack(notebook):
    for each in notebook["cells"]:
        if each["cell_type"] == "code":
            each["outputs"] = OUTPUTS
        if each["id"] == "ex-dot":
            each["source"] = "def dot(x, y):\n    return -7.0\n"
