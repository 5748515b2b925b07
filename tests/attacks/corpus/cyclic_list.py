# number = ""
# tries = "returns a list that contains itself"
# says = 'UnreadableValue|too many parts'
inside_the_sandbox()

def dot(x, y):
    endless = []
    endless.append(endless)
    return endless
