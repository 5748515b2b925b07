# number = "A22"
# tries = "a file whose name is script, for whoever lists it"
# says = 'whose it is|cannot be'
# kind = "folder"
# refused = true
import json

def attack(folder, student, notebook):
    name = f"{student}<img src=x onerror=alert(1)>_01_vectors.ipynb"
    (folder / name).write_text(json.dumps(notebook))
