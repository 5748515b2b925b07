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
