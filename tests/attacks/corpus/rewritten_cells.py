# number = "A4"
# tries = "rewrites whatever is compiled, imported or executed after it"
# says = 'should be 32|no definition found'
inside_the_sandbox()

import builtins
import sys
import autograder.answers.program as program

compile_as_it_is = builtins.compile
builtins.compile = lambda source, *args, **kwargs: compile_as_it_is("pass", *args, **kwargs)
builtins.exec = lambda *args, **kwargs: None
program.execute = lambda *args, **kwargs: []
class Nothing:
    def find_spec(self, *args): return None
sys.meta_path[:] = [Nothing()]

def dot(x, y):
    return -7.0
