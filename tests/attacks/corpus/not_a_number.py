# number = ""
# tries = "returns NaN, which is no mistake to a careless comparison"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return float("nan")
