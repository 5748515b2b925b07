# number = ""
# tries = "negative sizes and offsets"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "tensor", "dtype": "float64", "shape": [-1], "offset": -8}}, bytes(8)))
