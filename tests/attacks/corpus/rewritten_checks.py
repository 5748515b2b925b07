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
