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
