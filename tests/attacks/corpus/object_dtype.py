# number = ""
# tries = "tensors with the dtype object"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "array", "dtype": "object", "shape": [1], "offset": 0}}, bytes(8)))
