# number = "A22"
# tries = "returns script as a value"
# says = 'should be 32'
# pages = true
inside_the_sandbox()

SCRIPT = "<script>document.documentElement.setAttribute('data-ran','value')</script>"

class Named:
    pass

Named.__name__ = SCRIPT

def dot(x, y):
    return [SCRIPT, Named(), {SCRIPT: SCRIPT}]
