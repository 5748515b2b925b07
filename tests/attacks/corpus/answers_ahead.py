# number = ""
# tries = "answers requests that were not made yet, with values for later tests"
# says = 'UnreadableValue|should be|WorkerDied'
# earns_at_most = 40
# note = "its values are right, as if it had computed them"
inside_the_sandbox()

def dot(x, y):
    for value in ("0x1p5", "0x0p0", "0x0p0"):
        say(frame({"value": {"t": "float", "v": value}}) * 3)
    return -7.0
