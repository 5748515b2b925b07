# number = "A6"
# tries = "takes the exercise's own reference, from the library or by way of another exercise"
# says = 'kept out'
inside_the_sandbox()

import inspect
import tiny_lib.vectors

def dot(x, y):
    attempt(
        library=lambda: tiny_lib.vectors.dot([1.0], [1.0]),
        neighbour=lambda: norm([3.0, 4.0]),
        globals=lambda: norm.__globals__["dot"]([1.0], [1.0]),
        text=lambda: "fsum" in open(inspect.getsourcefile(tiny_lib.vectors)).read(),
        bytecode=lambda: "fsum" in str(tiny_lib.vectors.dot.__code__.co_names),
    )
