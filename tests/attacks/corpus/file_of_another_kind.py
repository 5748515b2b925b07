# number = ""
# tries = "a pickle that runs code, and no weights"
# says = 'handed in: b.cos'
# kind = "beside"
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    call = f"cos\nsystem\n(S'touch {OUTSIDE['files']['planted']}'\ntR."
    (folder / student / "norm.bin").write_bytes(call.encode())
