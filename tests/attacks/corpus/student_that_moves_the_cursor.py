# number = ""
# tries = "a student whose name writes on the terminal"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "ann\x1b[2J\x1b]0;owned\x07" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))
