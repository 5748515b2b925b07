# number = "A12"
# tries = "computes for ever"
# says = 'DeadlineExceeded'
inside_the_sandbox()

def dot(x, y):
    while True:
        pass
