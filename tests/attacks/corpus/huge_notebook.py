# number = "A16"
# tries = "a notebook of a gigabyte, most of it a hole"
# says = 'larger than'
# kind = "folder"
# refused = true
import os

def attack(folder, student, notebook):
    (folder / student).mkdir()
    path = folder / student / "01_vectors.ipynb"
    path.touch()
    os.truncate(path, 1 << 30)
