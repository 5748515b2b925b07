# number = ""
# tries = "writes into the interpreter, the packages, the edition and the devices"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import os
import autograder
import numpy
import tiny_lib

def into(folder):
    def way():
        path = os.path.join(folder, "planted.py")
        with open(path, "w") as file:
            file.write("40")
        return path
    return way

def over(path):
    def way():
        with open(path, "r+") as file:
            return file.write("#")
    return way

def dot(x, y):
    folders = ("/", "/usr", "/usr/lib", "/etc", "/grading", "/grading/edition", "/grading/editions",
               "/grading/probes", "/dev", "/proc", os.path.dirname(numpy.__file__))
    attempt(
        **{folder: into(folder) for folder in folders},
        edition=over(tiny_lib.__file__), kit=over(autograder.__file__), library=over(os.__file__),
    )
