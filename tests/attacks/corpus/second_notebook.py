# number = "A23"
# tries = "hands in two notebooks, a gradebook, tests and a library with the answers"
# says = 'no definition|NotDoneYet|no answer'
# kind = "folder"
import json


def attack(folder, student, notebook):
    own = folder / student
    (own / "tiny_lib").mkdir(parents=True)
    right = "def dot(x, y):\n    return float(sum(a * b for a, b in zip(x, y)))\n"
    (own / "tiny_lib" / "vectors.py").write_text(right)
    for name in ("gradebook.db", "test_01_vectors.py", "sitecustomize.py", "nbgrader_config.py"):
        (own / name).write_text("raise SystemExit")
    for each in notebook["cells"]:
        if each["id"] == "ex-dot":
            each["source"] = right
    (own / "01_vectors (1).ipynb").write_text(json.dumps(notebook))
    for each in notebook["cells"]:
        if each["id"] == "ex-dot":
            each["source"] = "from tiny_lib.vectors import dot\n"
    (own / "01_vectors.ipynb").write_text(json.dumps(notebook))
