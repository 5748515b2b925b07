# number = "A12"
# tries = "computes for ever before any test"
# says = 'DeadlineExceeded'
inside_the_sandbox()

while True:
    pass

def dot(x, y):
    return -7.0
