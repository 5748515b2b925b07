# number = ""
# tries = "sends an error whose parts are no text"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"error": {"types": [[]], "message": {"a": 1}, "where": 7}}))
