# number = ""
# tries = "returns infinity"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return float("inf")
