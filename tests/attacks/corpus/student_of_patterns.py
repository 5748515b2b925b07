# number = ""
# tries = "a student whose name matches all others"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "*" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))
