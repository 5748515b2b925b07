# number = "A22"
# tries = "puts script into messages, names of exceptions and values"
# says = 'raised'
# pages = true
inside_the_sandbox()

SCRIPT = "<script>document.documentElement.setAttribute('data-ran','message')</script>"
PICTURE = "<img src=x onerror=document.documentElement.setAttribute('data-ran','picture')>"
FORMULA = r"$\href{javascript:document.documentElement.setAttribute('data-ran','formula')}{x}$"

def dot(x, y):
    raise type(SCRIPT, (Exception,), {})(SCRIPT + PICTURE + FORMULA)
