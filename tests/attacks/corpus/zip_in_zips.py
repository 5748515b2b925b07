# number = "A16"
# tries = "a zip that holds zips that hold zips"
# says = 'no 01_vectors.ipynb|no notebook'
# kind = "folder"
# refused = true
import io
import json
import zipfile


def attack(folder, student, notebook):
    content = b"x"
    for _ in range(20):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("01_vectors.zip", content)
        content = packed.getvalue()
    (folder / f"{student}.zip").write_bytes(content)
