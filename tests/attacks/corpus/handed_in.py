"""Folders and zips on their way through intake."""

# [device]
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


# [folder_of_ten_thousand]
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


# [hard_link]
# number = ""
# tries = "a hard link to the instructor's canary in place of the notebook"
# says = 'hard link'
# kind = "folder"
# refused = true
import os

def attack(folder, student, notebook):
    (folder / student).mkdir()
    os.link(OUTSIDE["files"]["canary"], folder / student / "01_vectors.ipynb")


# [huge_notebook]
# number = "A16"
# tries = "a notebook of a gigabyte, most of it a hole"
# says = 'larger than'
# kind = "folder"
# refused = true
import os

def attack(folder, student, notebook):
    (folder / student).mkdir()
    path = folder / student / "01_vectors.ipynb"
    path.touch()
    os.truncate(path, 1 << 30)


# [linked_folder]
# number = ""
# tries = "a link to the course's folder in place of the student's"
# says = 'link|neither'
# kind = "folder"
# refused = true
def attack(folder, student, notebook):
    (folder / student).symlink_to(OUTSIDE["root"])


# [name_with_escapes]
# number = ""
# tries = "a file whose name moves the cursor of a terminal"
# says = 'whose it is|cannot be'
# kind = "folder"
# refused = true
import json

def attack(folder, student, notebook):
    name = f"{student}\x1b[2J\x1b[31m_01_vectors.ipynb"
    (folder / name).write_text(json.dumps(notebook))


# [name_with_script]
# number = "A22"
# tries = "a file whose name is script, for whoever lists it"
# says = 'whose it is|cannot be'
# kind = "folder"
# refused = true
import json

def attack(folder, student, notebook):
    name = f"{student}<img src=x onerror=alert(1)>_01_vectors.ipynb"
    (folder / name).write_text(json.dumps(notebook))


# [named_pipe]
# number = ""
# tries = "a named pipe in place of the notebook, on which a reader would wait"
# says = 'named pipe'
# kind = "folder"
# refused = true
import os

def attack(folder, student, notebook):
    (folder / student).mkdir()
    os.mkfifo(folder / student / "01_vectors.ipynb")


# [second_notebook]
# number = "A23"
# tries = "hands in two notebooks, a gradebook, tests and a library with the answers"
# says = 'no definition|NotDoneYet|no answer'
# kind = "folder"
import json


def attack(folder, student, notebook):
    own = folder / student
    (own / "tiny_lib").mkdir(parents=True)
    right = "def dot(x, y):\n    return float(sum(a * b for a, b in zip(x, y)))\n"
    (own / "tiny_lib" / "vectors.py").write_text(right)
    for name in ("gradebook.db", "hidden.py", "sitecustomize.py", "nbgrader_config.py"):
        (own / name).write_text("raise SystemExit")
    for each in notebook["cells"]:
        if each["id"] == "ex-dot":
            each["source"] = right
    (own / "01_vectors (1).ipynb").write_text(json.dumps(notebook))
    for each in notebook["cells"]:
        if each["id"] == "ex-dot":
            each["source"] = "from tiny_lib.vectors import dot\n"
    (own / "01_vectors.ipynb").write_text(json.dumps(notebook))


# [symbolic_link]
# number = ""
# tries = "a symbolic link to the instructor's secret in place of the notebook"
# says = 'symbolic link'
# kind = "folder"
# refused = true
def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").symlink_to(OUTSIDE["files"]["secret"])


# [zip_bomb]
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


# [zip_in_zips]
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


# [zip_of_links]
# number = ""
# tries = "a zip with symbolic links to files of the instructor"
# says = 'no notebook|no 01_vectors|link'
# kind = "folder"
# refused = true
import io
import json
import zipfile


def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w") as archive:
        link = zipfile.ZipInfo("01_vectors.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")


# [zip_of_paths]
# number = ""
# tries = "a zip whose members lie outside of it"
# says = 'outside|no notebook|no 01_vectors'
# kind = "folder"
# refused = true
import io
import json
import zipfile


def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w") as archive:
        for name in ("../../planted", "/tmp/planted", "..\\planted", "C:\\planted", "a/../../01_vectors.ipynb"):
            archive.writestr(name, json.dumps(notebook))


# [zip_of_ten_thousand]
# number = "A16"
# tries = "a zip of ten thousand files"
# says = 'more than'
# kind = "folder"
# refused = true
import io
import json
import zipfile


def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w") as archive:
        archive.writestr("01_vectors.ipynb", json.dumps(notebook))
        for number in range(10_000):
            archive.writestr(str(number), b"")


# [zip_that_is_damaged]
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
