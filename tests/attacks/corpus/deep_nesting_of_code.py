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
