# number = ""
# tries = "never ends when another exercise of the notebook is loaded"
# says = 'should be 32'
inside_the_sandbox()

class Bomb:
    while "norm" not in globals():
        pass

def dot(x, y):
    return -7.0
