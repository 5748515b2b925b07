# number = ""
# tries = "a named pipe in submitted/, beside the notebook"
# says = 'named pipe'
# kind = "past intake"
import json
import os

def attack(submitted, student, notebook):
    folder = submitted / student / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))
    os.mkfifo(folder / "norm.bin")
