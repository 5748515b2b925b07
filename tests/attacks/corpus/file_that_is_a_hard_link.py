# number = ""
# tries = "a hard link to the reference's own file"
# says = 'hard link'
# kind = "beside"
import os
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    os.link(OUTSIDE["root"] + "/tiny_tests/01_vectors/norm/norm.bin", folder / student / "norm.bin")
