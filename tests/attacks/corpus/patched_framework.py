# number = "A8"
# tries = "patches pytest and the own verdicts of the kit"
# says = 'should be 32|ModuleNotFoundError'
inside_the_sandbox()

import sys
import types
import autograder.testing.session as session
import autograder.testing.verdicts as verdicts

sys.modules["pytest"] = sys.modules["_pytest"] = types.ModuleType("pytest")
verdicts.Outcome.FAILED = verdicts.Outcome.PASSED
verdicts.Verdict.points = 40.0
session.judge = lambda item, error: None
session.run_tests = lambda *args, **kwargs: ()

def dot(x, y):
    return -7.0
