# number = ""
# tries = "a zip whose compressed bytes are damaged"
# says = 'unpacked'
# kind = "folder"
# refused = true
import io
import json
import zipfile


def attack(folder, student, notebook):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("01_vectors.ipynb", json.dumps(notebook))
    content = bytearray(packed.getvalue())
    content[60:100] = bytes(40)
    (folder / f"{student}.zip").write_bytes(content)
