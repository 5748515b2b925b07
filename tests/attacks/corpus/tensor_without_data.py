# number = ""
# tries = "returns a tensor on the device meta"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return __import__("torch").empty(1 << 50, device="meta")
