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
