# number = ""
# tries = "a zip with symbolic links to files of the instructor"
# says = 'no notebook|no 01_vectors|link'
# kind = "folder"
# refused = true
import io
import json
import zipfile


def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w") as archive:
        link = zipfile.ZipInfo("01_vectors.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
