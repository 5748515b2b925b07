# number = ""
# tries = "a folder with the name of the file, and the pipe in it"
# says = 'came with it|is a folder'
# kind = "beside"
import os
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    (folder / student / "norm.bin").mkdir()
    os.mkfifo(folder / student / "norm.bin" / "norm.bin")
