# number = "A6"
# tries = "imports judge, tests and gradebook"
# says = 'kept out'
# walls = true
inside_the_sandbox()

import importlib
import sys

def dot(x, y):
    sys.path += [OUTSIDE["root"], OUTSIDE["checkout"], "..", "/"]
    names = (
        "autograder.judge.grading", "autograder.gradebook.grading", "autograder.judge.secret",
        "tiny_tests.test_01_vectors_hidden", "grader_tests", "tests", "pytest", "nbgrader",
    )
    attempt(**{n.replace(".", "_"): lambda n=n: importlib.import_module(n) for n in names})
