"""Files beside the notebook."""

# [file_full_of_escapes]
# number = ""
# tries = "a file whose content is script and terminal escapes, for whoever shows it"
# says = 'handed in: b'
# kind = "beside"
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    run = "document.documentElement.setAttribute('data-ran','file')"
    (folder / student / "norm.bin").write_bytes(f"\x1b[2J<script>{run}</script><img src=x onerror={run}>".encode())


# [file_of_another_kind]
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


# [file_outside_its_zip]
# number = ""
# tries = "a zip whose file lies over the reference's, and whose other one outside"
# says = 'came with it|outside'
# kind = "beside"
import json
import zipfile

def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w") as archive:
        archive.writestr("01_vectors.ipynb", json.dumps(notebook))
        for name in ("../../../norm.bin", "/tmp/norm.bin", "..\\norm.bin", "a/../norm.bin"):
            archive.writestr(name, b"the length")


# [file_that_is_a_bomb]
# number = "A16"
# tries = "a zip whose file unpacks to more than anybody takes"
# says = 'larger than'
# kind = "beside"
import json
import zipfile

def attack(folder, student, notebook):
    with zipfile.ZipFile(folder / f"{student}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("01_vectors.ipynb", json.dumps(notebook))
        archive.writestr("norm.bin", bytes(64 << 20))


# [file_that_is_a_folder]
# number = ""
# tries = "a folder with the name of the file, and the pipe in it"
# says = 'came with it|is a folder'
# kind = "beside"
import os
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    (folder / student / "norm.bin").mkdir()
    os.mkfifo(folder / student / "norm.bin" / "norm.bin")


# [file_that_is_a_hard_link]
# number = ""
# tries = "a hard link to the reference's own file"
# says = 'hard link'
# kind = "beside"
import os
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    os.link(OUTSIDE["root"] + "/tiny_tests/01_vectors/norm/norm.bin", folder / student / "norm.bin")


# [file_that_is_a_link]
# number = ""
# tries = "a link to the reference's own file in place of the file that is asked for"
# says = 'symbolic link'
# kind = "beside"
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    (folder / student / "norm.bin").symlink_to(OUTSIDE["root"] + "/tiny_tests/01_vectors/norm/norm.bin")


# [file_that_is_a_pipe]
# number = ""
# tries = "a named pipe, on which a reader would wait"
# says = 'named pipe'
# kind = "beside"
import os
import json

def attack(folder, student, notebook):
    (folder / student).mkdir()
    (folder / student / "01_vectors.ipynb").write_text(json.dumps(notebook))
    os.mkfifo(folder / student / "norm.bin")


# [file_too_large]
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
