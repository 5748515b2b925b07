# number = ""
# tries = "a float beyond all floats"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "float", "v": "0x1p99999"}}, b""))
