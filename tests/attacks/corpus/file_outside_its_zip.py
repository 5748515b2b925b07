# number = ""
# tries = "a zip whose file lies over the reference's, and whose other one outside"
# says = 'came with it|outside'
# kind = "beside"
import json
import zipfile

def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w") as archive:
        archive.writestr("01_vectors.ipynb", json.dumps(notebook))
        for name in ("../../../norm.bin", "/tmp/norm.bin", "..\\norm.bin", "a/../norm.bin"):
            archive.writestr(name, b"the length")
