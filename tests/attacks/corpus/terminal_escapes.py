# number = ""
# tries = "writes to the terminal of whoever reads the results"
# says = 'raised'
# pages = true
inside_the_sandbox()

ESCAPES = "\x1b[2J\x1b[31m40 points\x07\x9b31m\u202e\x1b]0;title\x07\r\x08\ud800"

def dot(x, y):
    raise type("Red" + ESCAPES, (Exception,), {})(ESCAPES)
