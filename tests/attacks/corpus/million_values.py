# number = ""
# tries = "a list of a million values"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "list", "v": [None] * 1_000_000}}, b""))
