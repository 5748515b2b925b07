# number = ""
# tries = "a symbolic link to the instructor's secret in place of the notebook"
# says = 'symbolic link'
# kind = "folder"
# refused = true
def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").symlink_to(OUTSIDE["files"]["secret"])
