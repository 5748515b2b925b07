# number = ""
# tries = "a file whose name moves the cursor of a terminal"
# says = 'whose it is|cannot be'
# kind = "folder"
# refused = true
import json

def attack(folder, student, notebook):
    name = f"{student}\x1b[2J\x1b[31m_01_vectors.ipynb"
    (folder / name).write_text(json.dumps(notebook))
