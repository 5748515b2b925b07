# number = ""
# tries = "a set of numbers with one hash, to keep the judge busy for an hour"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "set", "v": [{"t": "int", "v": str(k * ((1 << 61) - 1))} for k in range(100_000)]}}, b""))
