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
