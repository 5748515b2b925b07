# number = "A21"
# tries = "carries hidden inputs out in messages and names of exceptions"
# says = 'LEAKED'
# earns = 25
# never_in_feedback = "LEAKED"
# note = "graders see the message, students do not"
inside_the_sandbox()

def dot(x, y):
    if x in ([1.0, 2.0, 3.0], []):
        return 32.0 if x else 0.0
    name = "LEAKED_" + "_".join(str(int(value)) for value in x)
    raise type(name, (Exception,), {})(f"LEAKED: {x} {y}")
