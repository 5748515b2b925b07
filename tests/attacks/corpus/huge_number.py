# number = ""
# tries = "returns an integer of a million digits"
# says = 'UnreadableValue|bits'
inside_the_sandbox()

def dot(x, y):
    return 1 << 4_000_000
