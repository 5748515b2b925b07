"""What lies in submitted/ without having passed intake."""

# [file_linked_past_intake]
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


# [pipe_past_intake]
# number = ""
# tries = "a named pipe in submitted/, beside the notebook"
# says = 'named pipe'
# kind = "past intake"
import json
import os

def attack(submitted, student, notebook):
    folder = submitted / student / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))
    os.mkfifo(folder / "norm.bin")


# [student_of_patterns]
# number = ""
# tries = "a student whose name matches all others"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "*" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))


# [student_of_two_lines]
# number = ""
# tries = "a student whose name has a line of its own in a log"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "ann\n2026-01-01 ben: 100 points" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))


# [student_that_is_an_option]
# number = ""
# tries = "a student whose name is an option of a command"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "--help" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))


# [student_that_is_script]
# number = "A22"
# tries = "a student whose name is script, for the formgrader"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "<img src=x onerror=alert(1)>" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))


# [student_that_moves_the_cursor]
# number = ""
# tries = "a student whose name writes on the terminal"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "ann\x1b[2J\x1b]0;owned\x07" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))


# [student_written_backwards]
# number = ""
# tries = "a student whose name is shown as another's"
# says = 'cannot be a student'
# kind = "past intake"
import json

def attack(submitted, student, notebook):
    folder = submitted / "\u202enna" / "01_vectors"
    folder.mkdir(parents=True)
    (folder / "01_vectors.ipynb").write_text(json.dumps(notebook))
