"""Values that lie, hide or never end."""

# [arbitrary_object]
# number = ""
# tries = "returns an object of its own"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return object()


# [array_of_objects]
# number = ""
# tries = "returns an array of objects"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return __import__("numpy").array([object()], dtype=object)


# [colliding_hashes]
# number = ""
# tries = "a set of numbers with one hash, to keep the judge busy for an hour"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "set", "v": [{"t": "int", "v": str(k * ((1 << 61) - 1))} for k in range(100_000)]}}, b""))


# [complex_number]
# number = ""
# tries = "returns a complex number"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return complex(32, 0)


# [cyclic_list]
# number = ""
# tries = "returns a list that contains itself"
# says = 'UnreadableValue|too many parts'
inside_the_sandbox()

def dot(x, y):
    endless = []
    endless.append(endless)
    return endless


# [endless_equality]
# number = ""
# tries = "a value whose methods never return, should anybody call them"
# says = 'should be 32'
inside_the_sandbox()

def for_ever(*args):
    while True:
        pass

class Trap:
    __eq__ = __ne__ = __hash__ = __repr__ = __str__ = __len__ = __iter__ = __float__ = for_ever

def dot(x, y):
    return Trap()


# [endless_iterator]
# number = ""
# tries = "returns an iterator without end"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return iter(lambda: 32.0, None)


# [float_that_overflows]
# number = ""
# tries = "a float beyond all floats"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "float", "v": "0x1p99999"}}, b""))


# [function]
# number = ""
# tries = "returns a function"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return lambda: 32.0


# [generator_that_never_yields]
# number = ""
# tries = "returns a generator that never yields"
# says = 'should be 32'
inside_the_sandbox()

def dot(x, y):
    while True:
        if x is y:
            yield 32.0


# [huge_number]
# number = ""
# tries = "returns an integer of a million digits"
# says = 'UnreadableValue|bits'
inside_the_sandbox()

def dot(x, y):
    return 1 << 4_000_000


# [infinity]
# number = ""
# tries = "returns infinity"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return float("inf")


# [lying_array]
# number = "A1"
# tries = "an array that takes part in no comparison"
# says = 'should be 32'
inside_the_sandbox()

import numpy as np

class Liar(np.ndarray):
    __array_priority__ = 1e9
    def __array_ufunc__(self, *args, **kwargs): return True
    def __eq__(self, other): return True

def dot(x, y):
    return np.zeros(1).view(Liar)


# [lying_containers]
# number = ""
# tries = "containers whose methods show something else than they hold"
# says = 'should be 32'
inside_the_sandbox()

class Items(dict):
    def items(self): return [("value", 32.0)]
    def __iter__(self): return iter(["value"])

class Things(list):
    def __iter__(self): return iter([32.0])
    def __len__(self): return 1

def dot(x, y):
    return Items(value=Things())


# [lying_float]
# number = "A1"
# tries = "a number that is equal to everything"
# says = 'should be 32'
inside_the_sandbox()

class Liar(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __rsub__(self, other): return 0.0
    def __sub__(self, other): return 0.0
    def __lt__(self, other): return True
    def __hash__(self): return 0

def dot(x, y):
    return Liar(7)


# [lying_tensor]
# number = "A1"
# tries = "a tensor whose own methods answer every comparison"
# says = 'should be 32'
inside_the_sandbox()

import torch

class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.tensor(True)
    def __eq__(self, other): return True
    def item(self): return 32.0

def dot(x, y):
    return torch.zeros(1).as_subclass(Liar)


# [million_values]
# number = ""
# tries = "a list of a million values"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "list", "v": [None] * 1_000_000}}, b""))


# [nested_json]
# number = ""
# tries = "sends JSON nested ten thousand deep"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame(b"[" * 100_000 + b"]" * 100_000))


# [not_a_number]
# number = ""
# tries = "returns NaN, which is no mistake to a careless comparison"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return float("nan")


# [object_dtype]
# number = ""
# tries = "tensors with the dtype object"
# says = 'UnreadableValue'
inside_the_sandbox()

def dot(x, y):
    say(frame({"value": {"t": "array", "dtype": "object", "shape": [1], "offset": 0}}, bytes(8)))


# [script_in_values]
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


# [sparse_tensor]
# number = ""
# tries = "returns a sparse tensor"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return __import__("torch").eye(2).to_sparse()


# [tensor_without_data]
# number = ""
# tries = "returns a tensor on the device meta"
# says = 'should be 32|UnreadableValue|raised'
inside_the_sandbox()

def dot(x, y):
    return __import__("torch").empty(1 << 50, device="meta")
