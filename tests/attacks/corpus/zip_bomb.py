# number = "A16"
# tries = "a zip of a few hundred kilobytes that becomes hundreds of megabytes"
# says = 'larger than'
# kind = "folder"
# refused = true
import io
import json
import zipfile


def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("01_vectors.ipynb", "w", force_zip64=True) as member:
            for _ in range(10):
                member.write(bytes(20 << 20))
