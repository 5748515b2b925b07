# number = ""
# tries = "a link to the reference's own file in place of the file that is asked for"
# says = 'symbolic link'
# kind = "beside"
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    (folder / student / "norm.bin").symlink_to(OUTSIDE["root"] + "/tiny_tests/01_vectors/norm/norm.bin")
