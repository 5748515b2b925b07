# number = ""
# tries = "a value of a kind of its own"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "module", "v": "os"}}, b""))
