# number = ""
# tries = "returns a function"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return lambda: 32.0
