# number = ""
# tries = "sends JSON nested ten thousand deep"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame(b"[" * 100_000 + b"]" * 100_000))
