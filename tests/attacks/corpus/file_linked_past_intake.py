# number = ""
# tries = "a link in submitted/, beside the notebook, to the secret"
# says = 'symbolic link'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / student / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))
    (folder / "norm.bin").symlink_to(OUTSIDE["files"]["secret"])
