# number = "A16"
# tries = "a zip of ten thousand files"
# says = 'more than'
# kind = "folder"
# refused = true
import io
import json
import zipfile


def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w") as archive:
        archive.writestr("01_vectors.ipynb", json.dumps(notebook))
        for number in range(10_000):
            archive.writestr(str(number), b"")
