# number = ""
# tries = "a student whose name has a line of its own in a log"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "ann\n2026-01-01 ben: 100 points" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))
