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
