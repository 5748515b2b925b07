# number = ""
# tries = "a shape whose product overflows"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "tensor", "dtype": "float64", "shape": [0, 1 << 39, 1 << 39], "offset": 0}}, b""))
