# number = ""
# tries = "returns a complex number"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return complex(32, 0)
