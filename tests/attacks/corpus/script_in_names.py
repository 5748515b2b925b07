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
