# number = ""
# tries = "returns a generator that never yields"
# says = 'should be 32'
inside_the_sandbox()

def dot(x, y):
    while True:
        if x is y:
            yield 32.0
