# number = ""
# tries = "a named pipe, on which a reader would wait"
# says = 'named pipe'
# kind = "beside"
import os
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    os.mkfifo(folder / student / "norm.bin")
