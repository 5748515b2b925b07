# number = ""
# tries = "a device without end in place of the notebook"
# says = 'a device|symbolic link'
# kind = "folder"
# refused = true
import os
import stat

def attack(folder, student, notebook):
    (folder / student).mkdir()
    path = folder / student / "01_vectors.ipynb"
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:  # not for everybody to make
        path.symlink_to("/dev/zero")
