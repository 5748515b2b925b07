# number = ""
# tries = "returns the answer as text"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return "32.0"
