# number = ""
# tries = "a zip whose members lie outside of it"
# says = 'outside|no notebook|no 01_vectors'
# kind = "folder"
# refused = true
import io
import json
import zipfile


def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w") as archive:
        for name in ("../../planted", "/tmp/planted", "..\\planted", "C:\\planted", "a/../../01_vectors.ipynb"):
            archive.writestr(name, json.dumps(notebook))
