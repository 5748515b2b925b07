# number = "A16"
# tries = "a zip whose file unpacks to more than anybody takes"
# says = 'larger than'
# kind = "beside"
import json
import zipfile

def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("01_vectors.ipynb", json.dumps(notebook))
        archive.writestr("norm.bin", bytes(64 << 20))
