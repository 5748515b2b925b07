# number = ""
# tries = "returns an array of objects"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return __import__("numpy").array([object()], dtype=object)
