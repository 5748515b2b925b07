# number = ""
# tries = "a shape larger than its bytes"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "tensor", "dtype": "float64", "shape": [1 << 20], "offset": 0}}, bytes(8)))
