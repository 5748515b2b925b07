# number = ""
# tries = "twenty thousand magics, to keep the reader busy for days"
# says = 'SyntaxError|no definition|not valid Python'
# kind = "notebook"
def cell(notebook, id):
    return next(each for each in notebook["cells"] if each["id"] == id)


def attack(notebook):
    cell(notebook, "ex-dot")["source"] = "%magic\n" * 20_000 + "def dot(x, y):\n    return -7.0\n"
