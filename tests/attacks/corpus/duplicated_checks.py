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
