# number = "A16"
# tries = "a folder of ten thousand files"
# says = 'more than'
# kind = "folder"
# refused = true
import json

def attack(folder, student, notebook):
    (folder / student / "many").mkdir(parents=True)
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    for number in range(10_000):
        (folder / student / "many" / str(number)).touch()
