# number = "A10"
# tries = "sends a frame that says that the test passed"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"outcome": "passed", "points": 40, "verdicts": [{"points": 40}]}))
    return 32.0
