# number = ""
# tries = "a file larger than any that is taken"
# says = 'larger than'
# kind = "beside"
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    with (folder / student / "norm.bin").open("wb") as file:
        file.truncate(1 << 32)
