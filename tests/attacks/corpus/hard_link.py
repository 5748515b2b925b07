# number = ""
# tries = "a hard link to the instructor's canary in place of the notebook"
# says = 'hard link'
# kind = "folder"
# refused = true
import os

def attack(folder, student, notebook):
    (folder / student).mkdir()
    os.link(OUTSIDE["files"]["canary"], folder / student / "01_vectors.ipynb")
