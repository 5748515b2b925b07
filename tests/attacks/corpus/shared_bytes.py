# number = ""
# tries = "a thousand tensors in the same bytes, to fill the judge's memory"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "list", "v": [{"t": "tensor", "dtype": "uint8", "shape": [1 << 22], "offset": 0}] * 1_000}}, bytes(1 << 22)))
