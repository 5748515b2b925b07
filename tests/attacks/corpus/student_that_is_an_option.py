# number = ""
# tries = "a student whose name is an option of a command"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "--help" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))
