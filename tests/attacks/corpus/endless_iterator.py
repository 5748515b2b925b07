# number = ""
# tries = "returns an iterator without end"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return iter(lambda: 32.0, None)
