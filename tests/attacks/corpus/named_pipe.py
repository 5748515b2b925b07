# number = ""
# tries = "a named pipe in place of the notebook, on which a reader would wait"
# says = 'named pipe'
# kind = "folder"
# refused = true
import os

def attack(folder, student, notebook):
    (folder / student).mkdir()
    os.mkfifo(folder / student / "01_vectors.ipynb")
