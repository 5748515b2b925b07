# number = ""
# tries = "returns an object of its own"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return object()
